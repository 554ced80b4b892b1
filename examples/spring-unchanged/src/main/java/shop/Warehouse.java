package shop;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The flaky dependency: the first two events of every fifth order fail twice each. Nobody tells this service which attempt it
 * is, so the warehouse counts by itself.
 */
final class Warehouse {
  static final class NoAnswer extends Exception {
    NoAnswer(String order) {
      super("the warehouse does not answer for " + order);
    }
  }

  private final Map<String, Integer> asked = new ConcurrentHashMap<>();

  /** Which attempt this is at these goods. */
  int ask(String order, int seq) {
    return asked.merge(order + "/" + seq, 1, Integer::sum);
  }

  void reserve(String order, int seq, int attempt) throws NoAnswer {
    int number = Integer.parseInt(order.replaceAll("\\D", ""));
    if (number % 5 == 0 && seq < 2 && attempt <= 2) throw new NoAnswer(order);
  }
}
