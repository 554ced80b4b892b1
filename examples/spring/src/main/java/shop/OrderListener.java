package shop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.event.ListenerContainerIdleEvent;
import org.springframework.stereotype.Component;
import retrygate.RetryGate;

/** Handles orders in their order, although the warehouse often does not answer. */
@Component
class OrderListener {
  private final RetryGates gates;
  private final ObjectMapper json;

  OrderListener(RetryGates gates, ObjectMapper json) {
    this.gates = gates;
    this.json = json;
  }

  @KafkaListener(topics = "${orders.topic}")
  void polled(ConsumerRecords<byte[], byte[]> records, Consumer<byte[], byte[]> consumer) {
    gates.of(consumer).handle(records, this::handle);
  }

  /** In the thread of the consumer. The gate has things to do while no records come: partitions to claim, pauses to end. */
  @EventListener
  void idle(ListenerContainerIdleEvent event) {
    gates.of(event.getConsumer()).handle(ConsumerRecords.empty(), this::handle);
  }

  /** What the service is there for. Throwing means: it failed. */
  private void handle(ConsumerRecord<byte[], byte[]> record, RetryGate.Delivery delivery) throws Exception {
    JsonNode order = json.readTree(record.value());
    try {
      Warehouse.reserve(order.path("order").asText(), order.path("seq").asInt(), delivery.attempt());
      tell(record, order, delivery, "succeeded");
    } catch (Warehouse.NoAnswer noAnswer) {
      tell(record, order, delivery, "failed");
      throw noAnswer;
    }
  }

  private void tell(
      ConsumerRecord<byte[], byte[]> record, JsonNode order, RetryGate.Delivery delivery, String result) {
    System.out.println(json.createObjectNode()
        .put("order", order.path("order").asText())
        .put("seq", order.path("seq").asInt())
        .put("partition", record.partition())
        .put("offset", delivery.originOffset())
        .put("attempt", delivery.attempt())
        .put("result", result));
  }
}
