package shop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaOperations;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.stereotype.Component;
import org.springframework.util.backoff.FixedBackOff;

/** An order service as there are many: what fails goes to the dead-letter topic. It knows nothing of any retries. */
@Component
class OrderListener {
  private final ObjectMapper json;
  private final Warehouse warehouse = new Warehouse();

  OrderListener(ObjectMapper json) {
    this.json = json;
  }

  @Bean
  static CommonErrorHandler errorHandler(KafkaOperations<?, ?> template) {
    return new DefaultErrorHandler(new DeadLetterPublishingRecoverer(template), new FixedBackOff(0, 0));
  }

  @KafkaListener(topics = "${orders.topic}")
  void onOrder(ConsumerRecord<String, String> record) throws Exception {
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
