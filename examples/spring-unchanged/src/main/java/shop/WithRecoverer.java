package shop;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Profile;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaOperations;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.stereotype.Component;
import org.springframework.util.backoff.FixedBackOff;

/** As many services are: what fails goes to the dead-letter topic. */
@Component
@Profile("!retryable-topic")
class WithRecoverer {
  private final OrderHandler orders;

  WithRecoverer(OrderHandler orders) {
    this.orders = orders;
  }

  @Bean
  static CommonErrorHandler errorHandler(KafkaOperations<?, ?> template) {
    return new DefaultErrorHandler(new DeadLetterPublishingRecoverer(template), new FixedBackOff(0, 0));
  }

  @KafkaListener(topics = "${orders.topic}")
  void onOrder(ConsumerRecord<String, String> record) throws Exception {
    orders.handle(record);
  }
}
