"""The consumer's side of ordered retries: one gate for one consumer, used by the thread that polls. Copy this file.

    gate = RetryGate(settings, consumer, {"bootstrap.servers": brokers})
    consumer.subscribe(["orders"], on_assign=gate.on_assign, on_revoke=gate.on_revoke, on_lost=gate.on_lost)
    while not gate.stopped:
        gate.handle(consumer.consume(100, timeout=0.1), handler)
    consumer.close()
    gate.close()

A handler that raises has failed: the gate tells the service, publishes the record to the retry topic, and goes on. It
commits by itself, and only what is finished, so `enable.auto.commit` is false. A record that cannot be finished now is
read again later: its partition is paused meanwhile, and the others go on. Records of a partition are handled one after
another. No call is made for a record whose key is not locked.
"""

from __future__ import annotations

import base64
import http.client
import json
import logging
import time
import urllib.parse
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

log = logging.getLogger("retry_gate")

Json = dict[str, Any]
Headers = list[tuple[str, bytes | None]]

CALL_SECONDS = 2.0
# A claim waits at the service until the retry topic has been read.
CLAIM_SECONDS = 8.0
RENEW_EVERY_SECONDS = 1.0
# So long at most between two polls, however many records came: the rest is read again.
HANDLE_AT_MOST_SECONDS = 10.0
# Well below max.poll.interval.ms: the thread that waits is the one that polls.
PUBLISH_SECONDS = 10.0
MAX_ITEMS = 100
MAX_KEY_BYTES = 256 * 1024


@dataclass(frozen=True)
class Settings:
    service: str
    route: str
    topic: str
    retry_topic: str
    # The bearer token of a service that wants one.
    token: str | None = None


@dataclass(frozen=True)
class Delivery:
    """`attempt` is 1 for the first; `origin_offset` is where the record was first read: its name across its retries."""

    attempt: int
    origin_offset: int


class Fatal(Exception):
    """Raise it where trying again is pointless: the record goes to the dead-letter topic."""


class RetryLater(Exception):
    """Raise it to be tried again no sooner than that."""

    def __init__(self, after_seconds: float, message: str = "") -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


Handler = Callable[[Message, Delivery], None]


@dataclass
class Partition:
    """What is known about one partition for the time of one assignment."""

    number: int
    claimed: bool = False
    # Whether records of keys that are not listed may be handled: a claim was had, and nobody else may have one.
    flowing: bool = False
    claimed_before: bool = False
    claim_epoch: str = ""
    incarnation: str = ""
    seen: Any = None
    complete: bool = False
    null_key_up_to: int = -1
    listed: set[bytes | None] = field(default_factory=set)
    # By the record's offset: what was answered ahead. Void after a failure, and with the claim.
    verdicts: dict[int, Json] = field(default_factory=dict)
    # By offset: what the service was told will be in the retry topic, and Kafka has not acknowledged.
    outstanding: dict[int, Json] = field(default_factory=dict)
    # What the handler made of a record, until the service has answered: it is not run again for that.
    outcome: Json | None = None
    outcome_of: int = -1
    # The offset of the next record to handle. None: no record of this assignment has been read yet.
    position: int | None = None
    committed: int | None = None
    paused: bool = False
    # Nothing that was refused is tried again before.
    wait_until: float = 0.0

    def claim_ended(self) -> None:
        """The service has lost its place, and we have not lost ours: nobody else can have locked further keys."""
        self.claimed = False
        self.verdicts.clear()

    def fenced(self) -> None:
        """Somebody else may own the partition. A retry's success is told whoever does; a first failure is theirs."""
        self.claim_ended()
        self.flowing = False
        if self.outcome is not None and "delivery" not in self.outcome:
            self.outcome = None

    def must_ask(self, key: bytes | None, offset: int) -> bool:
        if not self.complete:
            return True
        return offset <= self.null_key_up_to if key is None else key in self.listed

    def add(self, key: bytes | None, offset: int) -> None:
        if key is None:
            self.null_key_up_to = max(self.null_key_up_to, offset)
        else:
            self.listed.add(key)

    def outstanding_in_order(self) -> list[Json]:
        return [self.outstanding[offset] for offset in sorted(self.outstanding)]


@dataclass(frozen=True)
class Answer:
    """status 0: nobody answered."""

    status: int = 0
    body: Json = field(default_factory=dict)
    retry_after: float = 0.0

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class RetryGate:
    def __init__(self, settings: Settings, consumer: Consumer, kafka: Mapping[str, Any]) -> None:
        """`kafka`: how to connect. The gate publishes by a producer of its own: the retries' order rests on it."""
        self._settings = settings
        self._consumer = consumer
        self._producer_config: dict[str, Any] = {
            # The broker decides what is too large: the retry topic allows more than this client does by itself.
            "message.max.bytes": 100_000_000,
            **kafka,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 0,
            "message.timeout.ms": int(PUBLISH_SECONDS * 1000),
        }
        self._producer = Producer(self._producer_config)
        # The one thread that talks to the service: a renewal must not hold up the records.
        self._caller = ThreadPoolExecutor(1, "retry-gate")
        self._service = Service(settings)
        # Names this start of this process: never the same twice.
        self._consumer_id = str(uuid.uuid4())
        self._partitions: dict[int, Partition] = {}
        self._claim_calls = 0
        self._renewed_at = 0.0
        self._renewal: Future[Answer] | None = None
        # After no answer nobody is asked until then: a service that is away must not cost a timeout for each partition.
        self._service_away_until = 0.0
        self._service_backoff = 0.0
        self._stopping = False

    # ---- The life of the consumer

    def on_assign(self, _consumer: Consumer, assigned: list[TopicPartition]) -> None:
        for one in assigned:
            if one.topic == self._settings.topic:
                self._partitions[one.partition] = Partition(one.partition)

    def on_revoke(self, consumer: Consumer, revoked: list[TopicPartition]) -> None:
        self._commit(self._partitions.values())
        self.on_lost(consumer, revoked)

    def on_lost(self, consumer: Consumer, lost: list[TopicPartition]) -> None:
        for one in lost:
            partition = self._partitions.pop(one.partition, None) if one.topic == self._settings.topic else None
            # It would still be paused when it comes back.
            if partition is not None and partition.paused:
                consumer.resume([one])

    def handle(self, messages: Sequence[Message], handler: Handler) -> None:
        """Takes what was read through all its steps, and does what is due. Call it after every read, empty or not."""
        poll_again_at = time.monotonic() + HANDLE_AT_MOST_SECONDS
        for number, records in self._by_partition(messages).items():
            self._handle_all(self._partitions[number], records, handler, poll_again_at)
        self._commit(self._partitions.values())
        for partition in self._partitions.values():
            if self._stopping or time.monotonic() < partition.wait_until:
                continue
            if not partition.claimed:
                self._claim(partition)
            if partition.claimed and partition.paused:
                self._resume(partition)
        self._renew_if_due()

    def stop(self) -> None:
        """From any thread or signal handler: `handle` returns after the record that is in the handler."""
        self._stopping = True

    @property
    def stopped(self) -> bool:
        return self._stopping

    def close(self) -> None:
        self._producer.flush(PUBLISH_SECONDS)
        self._caller.shutdown()

    def _by_partition(self, messages: Sequence[Message]) -> dict[int, list[Message]]:
        records: dict[int, list[Message]] = {}
        for message in messages:
            error = message.error()
            if error is not None:
                if error.fatal():
                    raise KafkaException(error)
                log.warning("the consumer: %s", error)
                continue
            partition = self._partitions.get(number_of(message)) if message.topic() == self._settings.topic else None
            # A paused partition is read again from its position, and so is this record.
            if partition is not None and not partition.paused:
                records.setdefault(partition.number, []).append(message)
        return records

    def _handle_all(self, partition: Partition, records: list[Message], handler: Handler, poll_again_at: float) -> None:
        partition.verdicts.clear()
        for i, record in enumerate(records):
            partition.position = offset_of(record)
            go_on = not self._stopping and time.monotonic() < poll_again_at
            if not go_on or not self._finish(partition, records[i:], handler):
                # Read again later, and nothing behind it before.
                partition.paused = True
                self._consumer.pause([self._named(partition)])
                return
            partition.position += 1
            self._renew_if_due()

    def _resume(self, partition: Partition) -> None:
        """To its position: a pause forgets an earlier seek."""
        assert partition.position is not None
        try:
            self._consumer.seek(self._named(partition, partition.position))
            self._consumer.resume([self._named(partition)])
            partition.paused = False
        except KafkaException as error:
            log.warning("partition %d: not resumed yet: %s", partition.number, error)
            partition.wait_until = time.monotonic() + 1

    # ---- The steps of a record

    def _finish(self, partition: Partition, records: list[Message], handler: Handler) -> bool:
        """Takes the first of the records through its steps. False: it is not finished, and must not be committed."""
        record = records[0]
        redelivered = is_redelivered(record)
        if redelivered and self._is_of_another_route(record):
            return True
        if not partition.flowing:
            return False
        if partition.outcome is None or partition.outcome_of != offset_of(record):
            if redelivered or partition.must_ask(record.key(), offset_of(record)):
                verdict = self._ask(partition, records)
                if verdict is None:
                    return False
                if verdict["verdict"] == "skip":
                    return True
                if verdict["verdict"] == "redirect":
                    return self._publish(partition, record, verdict.get("headers", {}))
            outcome = self._run(partition, record, handler)
            if outcome is None:
                return True
            partition.outcome, partition.outcome_of = outcome, offset_of(record)
        return self._report(partition, record, partition.outcome)

    def _ask(self, partition: Partition, records: list[Message]) -> Json | None:
        """The verdict on the first of the records. Those behind it that need one too are asked about with it."""
        first = records[0]
        known = partition.verdicts.pop(offset_of(first), None)
        if known is not None:
            return known
        redelivered = is_redelivered(first)
        asked: list[Message] = []
        key_bytes = 0
        for record in records:
            if is_redelivered(record):
                passed_over = self._is_of_another_route(record)
            else:
                passed_over = not partition.must_ask(record.key(), offset_of(record))
            if passed_over:
                continue
            key_bytes += len(record.key() or b"")
            # A wrong claim refuses the whole request if one of its records is fresh, so the two kinds don't mix; and
            # the outcome of a redelivered one may unlock the key of those behind it.
            other = is_redelivered(record) != redelivered
            if other or len(asked) == MAX_ITEMS or (asked and key_bytes > MAX_KEY_BYTES):
                break
            asked.append(record)
        body = {"records": [named(record) for record in asked]}
        verdicts = self._call(partition, "admissions", body, "verdicts", len(asked))
        if verdicts is None:
            return None
        for record, verdict in zip(asked, verdicts):
            word = verdict.get("verdict")
            # Also what is not understood: it is no permission.
            if word not in ("process", "skip", "redirect"):
                partition.claim_ended()
                return None
            partition.verdicts[offset_of(record)] = verdict
            if redelivered:
                continue
            if word == "redirect":
                self._announced(partition, record, verdict.get("headers", {}), None)
            else:
                partition.outstanding.pop(offset_of(record), None)
            if word == "process":
                partition.listed.discard(record.key())
        return partition.verdicts.pop(offset_of(first))

    def _run(self, partition: Partition, record: Message, handler: Handler) -> Json | None:
        """Runs the handler. None: it was the success of a fresh record, of which nobody has to be told."""
        try:
            handler(record, Delivery(attempt_of(record), origin_offset(record)))
            return {**named(record), "result": "succeeded"} if is_redelivered(record) else None
        except Exception as raised:
            # What was said of the key's later records held until its next failure.
            partition.verdicts.clear()
            error: Json = {"class": type(raised).__qualname__, "message": str(raised)[:1000]}
            if isinstance(raised, Fatal):
                error["fatal"] = True
            if isinstance(raised, RetryLater):
                error["retryAfterMs"] = round(raised.after_seconds * 1000)
            return {**named(record), "result": "failed", "error": error}

    def _report(self, partition: Partition, record: Message, outcome: Json) -> bool:
        """Tells what the handler made of the record, and does what is answered."""
        results = self._call(partition, "outcomes", {"outcomes": [outcome]}, "results", 1)
        if results is None:
            return False
        result = results[0]
        word = result.get("result")
        if word in ("done", "recorded", "deadLettered", "stale", "redirect", "block"):
            partition.outcome = None
        if word == "done":
            return True
        if word in ("recorded", "deadLettered", "stale"):
            partition.add(record.key(), origin_offset(record))
            return True
        if word == "redirect":
            self._announced(partition, record, result.get("headers", {}), outcome.get("error"))
            return self._publish(partition, record, result.get("headers", {}))
        if word == "block":
            # The circuit breaker: the record stays where it is, and is tried again then.
            partition.wait_until = time.monotonic() + result.get("retryAfterMs", 1000) / 1000
            return False
        # `wait`: the same is told under the next claim.
        partition.claim_ended()
        return False

    def _announced(self, partition: Partition, record: Message, headers: Json, error: Json | None) -> None:
        entry = {**named(record), "attempt": int(headers.get("x-retry-attempt", 0))}
        error = error or partition.outstanding.get(offset_of(record), {}).get("error")
        if error is not None:
            entry["error"] = error
        partition.outstanding[offset_of(record)] = entry
        partition.add(record.key(), offset_of(record))

    def _publish(self, partition: Partition, record: Message, given: Json) -> bool:
        """Publishes to the partition of the same number, and waits until Kafka has it."""
        headers = [(name, value) for name, value in headers_of(record) if not name.startswith("x-retry-")]
        headers += [(name, value.encode()) for name, value in given.items()]
        kind, timestamp = record.timestamp()
        if kind != 0:
            headers.append(("x-retry-origin-timestamp", str(timestamp).encode()))
        error = self._send(record, record.value(), headers)
        if error is not None and error.code() == KafkaError.MSG_SIZE_TOO_LARGE and record.value() is not None:
            error = self._send(record, None, [*headers, ("x-retry-value", b"origin")])
        if error is None:
            partition.outstanding.pop(offset_of(record), None)
            return True
        log.warning("partition %d: not in %s: %s", partition.number, self._settings.retry_topic, error)
        if error.fatal():
            self._producer = Producer(self._producer_config)
        partition.wait_until = time.monotonic() + 1
        return False

    def _send(self, record: Message, value: bytes | None, headers: Headers) -> KafkaError | None:
        """None: Kafka has acknowledged it."""
        reports: list[KafkaError | None] = []
        try:
            self._producer.produce(
                self._settings.retry_topic,
                value=value,
                key=record.key(),
                partition=number_of(record),
                headers=[*headers],
                on_delivery=lambda error, _: reports.append(error),
            )
        except KafkaException as refused:
            return refused.args[0] if isinstance(refused.args[0], KafkaError) else KafkaError(KafkaError._FAIL)
        self._producer.flush(PUBLISH_SECONDS + 5)
        return reports[0] if reports else KafkaError(KafkaError._TIMED_OUT)

    def _commit(self, partitions: Collection[Partition]) -> bool:
        """Commits what is finished. What fails is committed next time; if the group was lost, the next read says so."""
        due = [one for one in partitions if one.position is not None and one.position != one.committed]
        return not due or self._commit_now(due)

    def _commit_now(self, partitions: Collection[Partition]) -> bool:
        offsets = [self._named(one, one.position) for one in partitions if one.position is not None]
        try:
            answers = self._consumer.commit(offsets=offsets, asynchronous=False)
            refused = [one for one in answers if one.error is not None]
            if refused:
                raise KafkaException(refused[0].error)
        except KafkaException as error:
            log.warning("not committed yet: %s", error)
            return False
        for partition, offset in zip(partitions, offsets):
            partition.committed = offset.offset
        return True

    # ---- The claim on a partition

    def _claim(self, partition: Partition) -> None:
        if partition.claimed_before:
            # The first claim rests on the assignment. Each other one on a commit: who lost the partition must not take
            # it back. There is nothing to commit before the first record, and nothing to claim for.
            if partition.position is None:
                return
            if not self._commit_now([partition]):
                partition.fenced()
                partition.wait_until = time.monotonic() + 1
                return
        partition.claimed_before = True
        self._claim_calls += 1
        body: Json = {"consumerId": self._consumer_id, "call": self._claim_calls}
        if partition.outstanding:
            body["outstanding"] = partition.outstanding_in_order()
        answer = self._post(f"/partitions/{partition.number}/claims", body, CLAIM_SECONDS)
        claim = answer.body
        if not answer.ok or not isinstance(claim.get("claimEpoch"), str):
            self._refused(partition, "claim", answer)
            return
        partition.claimed = partition.flowing = True
        partition.claim_epoch = claim["claimEpoch"]
        partition.incarnation = claim["incarnation"]
        partition.seen = claim.get("seen")
        partition.complete = claim.get("complete") is True
        partition.null_key_up_to = max(partition.null_key_up_to, claim.get("nullKeyUpTo", -1))
        # What waits for Kafka's acknowledgement is locked, whatever the list says.
        partition.listed = {key_of(one) for one in [*claim.get("lockedKeys", []), *partition.outstanding.values()]}

    def _renew_if_due(self) -> None:
        """Once a second, all claims in one call. Nobody waits for the answer: it is read before the next call."""
        if self._renewal is not None and self._renewal.done():
            self._renewed()
        now = time.monotonic()
        if self._renewal or now - self._renewed_at < RENEW_EVERY_SECONDS or now < self._service_away_until:
            return
        self._renewed_at = now
        claims = [
            {
                "partition": one.number,
                "claimEpoch": one.claim_epoch,
                "incarnation": one.incarnation,
                "seen": one.seen,
                **({"outstanding": one.outstanding_in_order()} if one.outstanding else {}),
            }
            for one in self._partitions.values()
            if one.claimed
        ]
        if claims:
            body = {"consumerId": self._consumer_id, "claims": claims}
            self._renewal = self._caller.submit(self._service.post, "/renewals", body, CALL_SECONDS)

    def _renewed(self) -> None:
        """Reads the answer to the renewal under way. Calls of a partition go one after another, so it comes first."""
        if self._renewal is None:
            return
        answer = self._noted(self._renewal.result())
        self._renewal = None
        for claim in answer.body.get("claims", []) if answer.ok else []:
            partition = self._partitions.get(claim.get("partition"))
            if partition is None or not partition.claimed:
                continue
            if claim.get("status") == "held":
                partition.listed -= {key_of(key) for key in claim.get("unlockedKeys", [])}
                partition.listed |= {key_of(key) for key in claim.get("lockedKeys", [])}
                partition.seen = claim.get("seen")
            elif claim.get("status") == "claim-again":
                partition.claim_ended()
            else:
                partition.fenced()

    # ---- Calls

    def _call(self, partition: Partition, name: str, body: Json, items: str, count: int) -> list[Json] | None:
        """The answers to as many items, or None: the partition waits."""
        self._renewed()
        if not partition.claimed:
            return None
        body = {"claimEpoch": partition.claim_epoch, "incarnation": partition.incarnation, **body}
        answer = self._post(f"/partitions/{partition.number}/{name}", body, CALL_SECONDS)
        answers = answer.body.get(items)
        if answer.ok and isinstance(answers, list) and len(answers) == count:
            return answers
        self._refused(partition, name, answer)
        return None

    def _refused(self, partition: Partition, call: str, answer: Answer) -> None:
        what = f"{answer.status} {answer.body.get('message')}" if answer.status else "no answer"
        log.warning("partition %d: %s: %s", partition.number, call, what)
        if answer.body.get("code") == "FENCED":
            partition.fenced()
        wait = max(answer.retry_after, 0.5 if answer.status else 0.1)
        partition.wait_until = max(self._service_away_until, time.monotonic() + wait)

    def _post(self, path: str, body: Json, timeout: float) -> Answer:
        self._renewed()
        if time.monotonic() < self._service_away_until:
            return Answer()
        return self._noted(self._caller.submit(self._service.post, path, body, timeout).result())

    def _noted(self, answer: Answer) -> Answer:
        """After no answer everybody waits: 100 ms, doubling to 5 s."""
        self._service_backoff = 0.0 if answer.status else min(5.0, max(0.1, self._service_backoff * 2))
        self._service_away_until = time.monotonic() + self._service_backoff
        return answer

    def _named(self, partition: Partition, offset: int | None = None) -> TopicPartition:
        if offset is None:
            return TopicPartition(self._settings.topic, partition.number)
        return TopicPartition(self._settings.topic, partition.number, offset)

    def _is_of_another_route(self, record: Message) -> bool:
        return text_of(record, "x-retry-route") not in (None, self._settings.route)


class Service:
    """Calls over one connection that is kept. Used by one thread."""

    def __init__(self, settings: Settings) -> None:
        url = urllib.parse.urlsplit(settings.service)
        connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        self._connection = connect(url.hostname or "localhost", url.port)
        self._path = f"{url.path.rstrip('/')}/v1/routes/{urllib.parse.quote(settings.route, safe='')}"
        self._headers = {"content-type": "application/json"}
        if settings.token is not None:
            self._headers["authorization"] = f"Bearer {settings.token}"

    def post(self, path: str, body: Json, timeout: float) -> Answer:
        """What is not the contract's counts as no answer, and never as a permission."""
        connection = self._connection
        connection.timeout = timeout
        try:
            if connection.sock is not None:
                connection.sock.settimeout(timeout)
            connection.request("POST", self._path + path, json.dumps(body).encode(), self._headers)
            response = connection.getresponse()
            answer = json.loads(response.read())
            retry_after = response.getheader("retry-after", "")
        except (OSError, http.client.HTTPException, ValueError) as error:
            log.debug("no answer: %r", error)
            connection.close()
            return Answer()
        if not isinstance(answer, dict) or (response.status >= 500 and answer.get("code") != "NOT_READY"):
            return Answer()
        return Answer(response.status, answer, float(retry_after) if retry_after.isdecimal() else 0.0)


# ---- Records, headers and keys


def offset_of(record: Message) -> int:
    offset = record.offset()
    assert offset is not None
    return offset


def number_of(record: Message) -> int:
    partition = record.partition()
    assert partition is not None
    return partition


def headers_of(record: Message) -> Headers:
    return list(record.headers() or [])  # type: ignore[arg-type]  # without deserializers they are bytes


def is_redelivered(record: Message) -> bool:
    return any(name == "x-retry-delivery" for name, _ in headers_of(record))


def attempt_of(record: Message) -> int:
    return number_in(record, "x-retry-attempt", 1) if is_redelivered(record) else 1


def origin_offset(record: Message) -> int:
    offset = offset_of(record)
    return number_in(record, "x-retry-origin-offset", offset) if is_redelivered(record) else offset


def named(record: Message) -> Json:
    """The record as calls name it: key, the origin's offset, and the token of its delivery."""
    item: Json = {"offset": origin_offset(record)}
    key = record.key()
    if key is not None:
        try:
            item["key"] = key.decode()
        except UnicodeDecodeError:
            item["keyBase64"] = base64.b64encode(key).decode()
    if is_redelivered(record):
        item["delivery"] = text_of(record, "x-retry-delivery")
    return item


def key_of(item: Json) -> bytes | None:
    if item.get("keyBase64") is not None:
        return base64.b64decode(item["keyBase64"])
    return item["key"].encode() if item.get("key") is not None else None


def text_of(record: Message, name: str) -> str | None:
    values = [value for header, value in headers_of(record) if header == name]
    return values[-1].decode(errors="replace") if values and values[-1] is not None else None


def number_in(record: Message, name: str, otherwise: int) -> int:
    text = text_of(record, name)
    return int(text) if text is not None and text.isdecimal() and len(text) <= 15 else otherwise
