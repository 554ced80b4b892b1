package shop;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.springframework.context.annotation.Profile;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.stereotype.Component;

/** As others are: what fails goes through retry topics of Spring's, and then to the dead-letter topic. */
@Component
@Profile("retryable-topic")
class WithRetryableTopic {
  private final OrderHandler orders;

  WithRetryableTopic(OrderHandler orders) {
    this.orders = orders;
  }

  @RetryableTopic(
      attempts = "${orders.retry.attempts:4}",
      autoCreateTopics = "${orders.retry.create-topics:false}",
      autoStartDltHandler = "${orders.retry.dead-letter-handler:true}")
  @KafkaListener(topics = "${orders.topic}")
  void onOrder(ConsumerRecord<String, String> record) throws Exception {
    orders.handle(record);
  }
}
