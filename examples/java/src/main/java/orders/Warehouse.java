package orders;

/** The flaky dependency: for every fifth order it does not answer until it is asked for the third time. */
final class Warehouse {
  static final class NoAnswer extends Exception {
    NoAnswer(String order) {
      super("the warehouse does not answer for " + order);
    }
  }

  static void reserve(String order, int seq, int attempt) throws NoAnswer {
    int number = Integer.parseInt(order.replaceAll("\\D", ""));
    if (number % 5 == 0 && seq == 0 && attempt <= 2) throw new NoAnswer(order);
  }

  private Warehouse() {}
}
