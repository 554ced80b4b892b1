package shop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.stereotype.Component;

/** What the service is there for. Throwing means: it failed. */
@Component
class OrderHandler {
  private final ObjectMapper json;
  private final Warehouse warehouse = new Warehouse();

  OrderHandler(ObjectMapper json) {
    this.json = json;
  }

  void handle(ConsumerRecord<String, String> record) throws Exception {
    JsonNode order = json.readTree(record.value());
    String name = order.path("order").asText();
    int seq = order.path("seq").asInt();
    int attempt = warehouse.ask(name, seq);
    try {
      warehouse.reserve(name, seq, attempt);
      tell(record, name, seq, attempt, "succeeded");
    } catch (Warehouse.NoAnswer noAnswer) {
      tell(record, name, seq, attempt, "failed");
      throw noAnswer;
    }
  }

  private void tell(ConsumerRecord<String, String> record, String order, int seq, int attempt, String result) {
    System.out.println(json.createObjectNode()
        .put("order", order)
        .put("seq", seq)
        .put("partition", record.partition())
        .put("offset", record.offset())
        .put("attempt", attempt)
        .put("result", result));
  }
}
