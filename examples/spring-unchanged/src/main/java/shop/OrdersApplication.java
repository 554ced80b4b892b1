package shop;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ConfigurableApplicationContext;

@SpringBootApplication
public class OrdersApplication {

  public static void main(String[] args) {
    SpringApplication application = new SpringApplication(OrdersApplication.class);
    application.setRegisterShutdownHook(false);
    ConfigurableApplicationContext context = application.run(args);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> {
      context.close();
      // A JVM that was told to stop says 143 otherwise, although all went well.
      Runtime.getRuntime().halt(0);
    }));
  }
}
