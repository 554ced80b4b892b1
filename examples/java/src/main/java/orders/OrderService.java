package orders;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import retrygate.RetryGate;

/** Handles orders in their order, although the warehouse often does not answer. Ctrl-C or SIGTERM ends it. */
public final class OrderService {
  private static final ObjectMapper json = new ObjectMapper();

  public static void main(String[] args) throws InterruptedException {
    String brokers = setting("KAFKA_BROKERS", "localhost:9092");
    String topic = setting("TOPIC", "orders");
    RetryGate.Settings settings = new RetryGate.Settings(
        setting("RETRY_ORCHESTRATOR_URL", "http://localhost:8080"),
        setting("ROUTE", topic),
        topic,
        setting("RETRY_TOPIC", "orders.retry"),
        null);

    KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(Map.of(
        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, brokers,
        ConsumerConfig.GROUP_ID_CONFIG, setting("GROUP_ID", "orders-service"),
        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest",
        ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, CooperativeStickyAssignor.class.getName(),
        // How long the partitions of a consumer that was killed wait for another one.
        ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, setting("SESSION_TIMEOUT_MS", "45000"),
        // The gate commits, and only what is finished.
        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false,
        ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class.getName(),
        ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class.getName()));
    RetryGate gate = new RetryGate(settings, consumer, Map.of("bootstrap.servers", brokers));

    Thread main = Thread.currentThread();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      gate.stop();
      joined(main);
      // A JVM that was told to stop says 143 otherwise, although all went well.
      Runtime.getRuntime().halt(0);
    }));

    try (gate; consumer) {
      consumer.subscribe(List.of(topic), gate);
      while (!gate.stopped()) gate.handle(consumer.poll(Duration.ofMillis(100)), OrderService::handle);
    }
  }

  /** What the service is there for. Throwing means: it failed. */
  private static void handle(ConsumerRecord<byte[], byte[]> record, RetryGate.Delivery delivery) throws Exception {
    JsonNode order = json.readTree(record.value());
    try {
      Warehouse.reserve(order.path("order").asText(), order.path("seq").asInt(), delivery.attempt());
      tell(record, order, delivery, "succeeded");
    } catch (Warehouse.NoAnswer noAnswer) {
      tell(record, order, delivery, "failed");
      throw noAnswer;
    }
  }

  private static void tell(
      ConsumerRecord<byte[], byte[]> record, JsonNode order, RetryGate.Delivery delivery, String result) {
    System.out.println(json.createObjectNode()
        .put("order", order.path("order").asText())
        .put("seq", order.path("seq").asInt())
        .put("partition", record.partition())
        .put("offset", delivery.originOffset())
        .put("attempt", delivery.attempt())
        .put("result", result));
  }

  private static String setting(String name, String otherwise) {
    return System.getenv().getOrDefault(name, otherwise);
  }

  private static void joined(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
