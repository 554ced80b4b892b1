"""Handles orders in their order, although the warehouse often does not answer. Ctrl-C or SIGTERM ends it."""

import json
import logging
import os
import signal
import sys

from confluent_kafka import Consumer, Message

from retry_gate import Delivery, RetryGate, Settings


class WarehouseDoesNotAnswer(Exception):
    pass


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    env = os.environ
    brokers = env.get("KAFKA_BROKERS", "localhost:9092")
    topic = env.get("TOPIC", "orders")
    settings = Settings(
        service=env.get("RETRY_ORCHESTRATOR_URL", "http://localhost:8080"),
        route=env.get("ROUTE", topic),
        topic=topic,
        retry_topic=env.get("RETRY_TOPIC", "orders.retry"),
    )
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": env.get("GROUP_ID", "orders-service"),
            "auto.offset.reset": "earliest",
            "partition.assignment.strategy": "cooperative-sticky",
            "session.timeout.ms": int(env.get("SESSION_TIMEOUT_MS", "45000")),
            # The gate commits, and only what is finished.
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
        }
    )
    gate = RetryGate(settings, consumer, {"bootstrap.servers": brokers})
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: gate.stop())

    consumer.subscribe([topic], on_assign=gate.on_assign, on_revoke=gate.on_revoke, on_lost=gate.on_lost)
    try:
        while not gate.stopped:
            gate.handle(consumer.consume(100, timeout=0.1), handle)
    finally:
        consumer.close()
        gate.close()


def handle(record: Message, delivery: Delivery) -> None:
    """What the service is there for. Raising means: it failed."""
    order = json.loads(record.value() or b"{}")
    try:
        reserve(order["order"], order["seq"], delivery.attempt)
    except WarehouseDoesNotAnswer:
        tell(record, order, delivery, "failed")
        raise
    tell(record, order, delivery, "succeeded")


def reserve(order: str, seq: int, attempt: int) -> None:
    """The warehouse: the first event of every fifth order fails twice."""
    if seq == 0 and int(order.removeprefix("order-")) % 5 == 0 and attempt <= 2:
        raise WarehouseDoesNotAnswer(f"no answer about {order}")


def tell(record: Message, order: dict[str, object], delivery: Delivery, result: str) -> None:
    line = {
        "order": order["order"],
        "seq": order["seq"],
        "partition": record.partition(),
        "offset": delivery.origin_offset,
        "attempt": delivery.attempt,
        "result": result,
    }
    # One write for the line and its end: several processes may share the file, and `print` makes two of them when unbuffered.
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
