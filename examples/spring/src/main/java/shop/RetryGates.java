package shop;

import jakarta.annotation.PreDestroy;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.kafka.KafkaProperties;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;
import org.springframework.stereotype.Component;
import retrygate.RetryGate;

/** A gate for each consumer that Spring makes: one a thread of the listener. Spring Boot hands it the assignments. */
@Component
class RetryGates implements ConsumerAwareRebalanceListener, ApplicationListener<ContextClosedEvent> {
  private final RetryGate.Settings settings;
  private final Map<String, Object> kafka;
  private final Map<Consumer<?, ?>, RetryGate> gates = new ConcurrentHashMap<>();

  RetryGates(
      @Value("${orders.retry-orchestrator}") String service,
      @Value("${orders.route}") String route,
      @Value("${orders.topic}") String topic,
      @Value("${orders.retry-topic}") String retryTopic,
      KafkaProperties kafka) {
    settings = new RetryGate.Settings(service, route, topic, retryTopic, null);
    this.kafka = kafka.buildProducerProperties(null);
  }

  @SuppressWarnings("unchecked")
  RetryGate of(Consumer<?, ?> consumer) {
    return gates.computeIfAbsent(
        consumer, (made) -> new RetryGate(settings, (Consumer<byte[], byte[]>) made, kafka));
  }

  @Override
  public void onPartitionsAssigned(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
    of(consumer).onPartitionsAssigned(partitions);
  }

  @Override
  public void onPartitionsRevokedBeforeCommit(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
    of(consumer).onPartitionsRevoked(partitions);
  }

  @Override
  public void onPartitionsLost(Consumer<?, ?> consumer, Collection<TopicPartition> partitions) {
    of(consumer).onPartitionsLost(partitions);
  }

  /** Comes before the listeners are stopped: they end after the record that they are at. */
  @Override
  public void onApplicationEvent(ContextClosedEvent event) {
    gates.values().forEach(RetryGate::stop);
  }

  @PreDestroy
  void close() {
    gates.values().forEach(RetryGate::close);
  }
}
