package retrygate;

import static java.lang.System.Logger.Level.DEBUG;
import static java.lang.System.Logger.Level.WARNING;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * The consumer's side of ordered retries: one gate for one consumer, used by the thread that polls. Copy this file.
 *
 * <pre>
 * consumer.subscribe(List.of("orders"), gate);
 * while (running) gate.handle(consumer.poll(Duration.ofMillis(100)), handler);
 * </pre>
 *
 * A handler that throws has failed: the gate tells the service, publishes the record to the retry topic, and goes on. It
 * commits by itself, and only what is finished, so `enable.auto.commit` is false. A record that cannot be finished now is
 * read again later: its partition is paused meanwhile, and the others go on. Records of a partition are handled one after
 * another. No call is made for a record whose key is not locked.
 */
public final class RetryGate implements ConsumerRebalanceListener, AutoCloseable {

  /** `token` (may be null) is the bearer token of a service that wants one. */
  public record Settings(String service, String route, String topic, String retryTopic, String token) {}

  /** `attempt` is 1 for the first; `originOffset` is where the record was first read, and names it across its retries. */
  public record Delivery(int attempt, long originOffset) {}

  @FunctionalInterface
  public interface Handler {
    void handle(ConsumerRecord<byte[], byte[]> record, Delivery delivery) throws Exception;
  }

  /** Throw it where trying again is pointless: the record goes to the dead-letter topic. */
  public static class Fatal extends RuntimeException {
    public Fatal(String message, Throwable cause) {
      super(message, cause);
    }
  }

  /** Throw it to be tried again no sooner than that. */
  public static class RetryLater extends RuntimeException {
    final Duration after;

    public RetryLater(Duration after, String message) {
      super(message);
      this.after = after;
    }
  }

  private static final System.Logger log = System.getLogger(RetryGate.class.getName());
  private static final ObjectMapper json = new ObjectMapper();
  private static final Duration CALL = Duration.ofSeconds(2);
  /** A claim waits at the service until the retry topic has been read. */
  private static final Duration CLAIM = Duration.ofSeconds(8);
  private static final long START = System.nanoTime();
  private static final long RENEW_EVERY_MS = 1_000;
  /** So long at most between two polls, whatever `max.poll.records` is: the rest is read again. */
  private static final long HANDLE_AT_MOST_MS = 10_000;
  private static final int MAX_ITEMS = 100;
  private static final int MAX_KEY_BYTES = 256 * 1024;

  private final Settings settings;
  private final Consumer<byte[], byte[]> consumer;
  private final Producer<byte[], byte[]> producer;
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(2)).build();
  /** Names this start of this process: never the same twice. */
  private final String consumerId = UUID.randomUUID().toString();
  private final Map<Integer, Partition> partitions = new TreeMap<>();
  private long claimCalls;
  private long renewedAt;
  private CompletableFuture<Answer> renewal;
  /** After no answer nobody is asked until then: one service that is away must not cost a timeout for each partition. */
  private long serviceAwayUntil;
  private long serviceBackoff;
  private long pollAgainAt;
  private volatile boolean stopping;

  /** `kafka`: how to connect. The gate publishes by a producer of its own, since the order of the retries rests on it. */
  public RetryGate(Settings settings, Consumer<byte[], byte[]> consumer, Map<String, Object> kafka) {
    this.settings = settings;
    this.consumer = consumer;
    Map<String, Object> config = new HashMap<>(kafka);
    config.put(ProducerConfig.ACKS_CONFIG, "all");
    config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    // Well below max.poll.interval.ms: the thread that waits is the one that polls.
    config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, 4_000);
    config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 10_000);
    config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 5_000);
    this.producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** What is known about one partition for the time of one assignment. */
  private static final class Partition {
    final TopicPartition id;
    boolean claimed;
    /** Whether records of keys that are not listed may be handled: a claim was had, and nobody else may have one. */
    boolean flowing;
    boolean claimedBefore;
    String claimEpoch;
    String incarnation;
    JsonNode seen;
    boolean complete;
    long nullKeyUpTo = -1;
    final Set<ByteBuffer> listed = new HashSet<>();
    /** By the record's offset: what was answered ahead. Void after a failure, and with the claim. */
    final Map<Long, JsonNode> verdicts = new HashMap<>();
    /** By offset: what the service was told will be in the retry topic, and Kafka has not acknowledged. */
    final Map<Long, ObjectNode> outstanding = new TreeMap<>();
    /** What the handler made of a record, until the service has answered: it is not run again for that. */
    ObjectNode outcome;
    long outcomeOf;
    /** The next offset to commit, -1: it is committed. */
    long finished = -1;
    boolean paused;
    /** Nothing that was refused is tried again before. */
    long waitUntil;

    Partition(TopicPartition id) {
      this.id = id;
    }

    /** The service has lost its place, and we have not lost ours: nobody else can have locked further keys. */
    void claimEnded() {
      claimed = false;
      verdicts.clear();
    }

    /** Somebody else may own the partition. The success of a retry is told whoever does; a first failure is theirs. */
    void fenced() {
      claimEnded();
      flowing = false;
      if (outcome != null && !outcome.has("delivery")) outcome = null;
    }

    boolean mustAsk(byte[] key, long offset) {
      if (!complete) return true;
      return key == null ? offset <= nullKeyUpTo : listed.contains(ByteBuffer.wrap(key));
    }

    void list(byte[] key, long offset) {
      if (key == null) nullKeyUpTo = Math.max(nullKeyUpTo, offset);
      else listed.add(ByteBuffer.wrap(key));
    }
  }

  /** status 0: nobody answered. */
  private record Answer(int status, JsonNode body, long retryAfterMs) {
    boolean ok() {
      return status >= 200 && status < 300;
    }
  }

  // ---- The life of the consumer

  @Override
  public void onPartitionsAssigned(Collection<TopicPartition> assigned) {
    for (TopicPartition id : assigned) {
      if (id.topic().equals(settings.topic())) partitions.put(id.partition(), new Partition(id));
    }
  }

  @Override
  public void onPartitionsRevoked(Collection<TopicPartition> revoked) {
    commit(revoked);
    onPartitionsLost(revoked);
  }

  @Override
  public void onPartitionsLost(Collection<TopicPartition> lost) {
    for (TopicPartition id : lost) partitions.remove(id.partition());
  }

  /** Takes what a poll returned through all its steps, and does what is due. Call it after every poll, also an empty one. */
  public void handle(ConsumerRecords<byte[], byte[]> records, Handler handler) {
    pollAgainAt = now() + HANDLE_AT_MOST_MS;
    for (TopicPartition id : records.partitions()) {
      Partition partition = partitions.get(id.partition());
      if (partition != null && id.equals(partition.id)) handleAll(partition, records.records(id), handler);
    }
    commit(consumer.assignment());
    for (Partition partition : partitions.values()) {
      if (stopping || now() < partition.waitUntil) continue;
      if (!partition.claimed) claim(partition);
      if (partition.claimed && partition.paused) {
        partition.paused = false;
        consumer.resume(List.of(partition.id));
      }
    }
    renewIfDue();
  }

  /** From any thread: `handle` returns after the record that is in the handler. */
  public void stop() {
    stopping = true;
  }

  public boolean stopped() {
    return stopping;
  }

  @Override
  public void close() {
    producer.close(Duration.ofSeconds(10));
  }

  private void handleAll(Partition partition, List<ConsumerRecord<byte[], byte[]>> records, Handler handler) {
    partition.verdicts.clear();
    for (int i = 0; i < records.size(); i++) {
      boolean goOn = !stopping && !partition.paused && now() < pollAgainAt;
      if (!goOn || !finish(partition, records.subList(i, records.size()), handler)) {
        // Read again later, and nothing behind it before.
        consumer.seek(partition.id, records.get(i).offset());
        consumer.pause(List.of(partition.id));
        partition.paused = true;
        return;
      }
      partition.finished = records.get(i).offset() + 1;
      renewIfDue();
    }
  }

  // ---- The steps of a record

  /** Takes the first of the records through its steps. False: it could not be finished, and must not be committed. */
  private boolean finish(Partition partition, List<ConsumerRecord<byte[], byte[]>> records, Handler handler) {
    ConsumerRecord<byte[], byte[]> record = records.get(0);
    boolean redelivered = isRedelivered(record);
    if (redelivered && isOfAnotherRoute(record)) return true;
    if (!partition.flowing) return false;
    if (partition.outcome == null || partition.outcomeOf != record.offset()) {
      if (redelivered || partition.mustAsk(record.key(), record.offset())) {
        JsonNode verdict = ask(partition, records);
        if (verdict == null) return false;
        String word = verdict.path("verdict").asText();
        if (word.equals("skip")) return true;
        if (word.equals("redirect")) return publish(partition, record, verdict.path("headers"));
      }
      ObjectNode outcome = run(partition, record, handler);
      if (outcome == null) return true;
      partition.outcome = outcome;
      partition.outcomeOf = record.offset();
    }
    return report(partition, record);
  }

  /** The verdict on the first of the records; those behind it that have to be asked about too are asked about with it. */
  private JsonNode ask(Partition partition, List<ConsumerRecord<byte[], byte[]>> records) {
    ConsumerRecord<byte[], byte[]> first = records.get(0);
    JsonNode known = partition.verdicts.remove(first.offset());
    if (known != null) return known;
    boolean redelivered = isRedelivered(first);
    List<ConsumerRecord<byte[], byte[]>> asked = new ArrayList<>();
    int keyBytes = 0;
    for (ConsumerRecord<byte[], byte[]> record : records) {
      boolean other = isRedelivered(record) != redelivered;
      if (isRedelivered(record) ? isOfAnotherRoute(record) : !partition.mustAsk(record.key(), record.offset())) continue;
      keyBytes += record.key() == null ? 0 : record.key().length;
      // A wrong claim refuses the whole request if one of its records is fresh, so the two kinds don't mix; and the outcome
      // of a redelivered one may unlock the key of those behind it.
      if (other || asked.size() == MAX_ITEMS || (!asked.isEmpty() && keyBytes > MAX_KEY_BYTES)) break;
      asked.add(record);
    }
    ObjectNode body = json.createObjectNode();
    ArrayNode items = body.putArray("records");
    for (ConsumerRecord<byte[], byte[]> record : asked) items.add(named(record));
    JsonNode verdicts = call(partition, "admissions", body, "verdicts", asked.size());
    if (verdicts == null) return null;
    for (int i = 0; i < asked.size(); i++) {
      ConsumerRecord<byte[], byte[]> record = asked.get(i);
      JsonNode verdict = verdicts.get(i);
      String word = verdict.path("verdict").asText();
      // Also what is not understood: it is no permission.
      if (!List.of("process", "skip", "redirect").contains(word)) {
        partition.claimEnded();
        return null;
      }
      partition.verdicts.put(record.offset(), verdict);
      if (redelivered) continue;
      if (word.equals("redirect")) announced(partition, record, verdict.path("headers"), null);
      else partition.outstanding.remove(record.offset());
      if (word.equals("process") && record.key() != null) partition.listed.remove(ByteBuffer.wrap(record.key()));
    }
    return partition.verdicts.remove(first.offset());
  }

  /** Runs the handler. Null: it was the success of a fresh record, of which nobody has to be told. */
  private ObjectNode run(Partition partition, ConsumerRecord<byte[], byte[]> record, Handler handler) {
    try {
      handler.handle(record, new Delivery(attemptOf(record), originOffset(record)));
      return isRedelivered(record) ? named(record).put("result", "succeeded") : null;
    } catch (Exception thrown) {
      // What was said of the key's later records held until its next failure.
      partition.verdicts.clear();
      ObjectNode outcome = named(record).put("result", "failed");
      ObjectNode error = outcome.putObject("error").put("class", thrown.getClass().getName());
      String message = String.valueOf(thrown.getMessage());
      error.put("message", message.substring(0, Math.min(message.length(), 1_000)));
      if (thrown instanceof Fatal) error.put("fatal", true);
      if (thrown instanceof RetryLater later) error.put("retryAfterMs", later.after.toMillis());
      if (thrown instanceof InterruptedException) Thread.currentThread().interrupt();
      return outcome;
    }
  }

  /** Tells what the handler made of the record, and does what is answered. */
  private boolean report(Partition partition, ConsumerRecord<byte[], byte[]> record) {
    ObjectNode body = json.createObjectNode();
    body.putArray("outcomes").add(partition.outcome);
    JsonNode results = call(partition, "outcomes", body, "results", 1);
    if (results == null) return false;
    JsonNode result = results.get(0);
    ObjectNode outcome = partition.outcome;
    partition.outcome = null;
    switch (result.path("result").asText()) {
      case "done" -> {
        return true;
      }
      case "recorded", "deadLettered", "stale" -> {
        partition.list(record.key(), originOffset(record));
        return true;
      }
      case "redirect" -> {
        announced(partition, record, result.path("headers"), outcome.get("error"));
        return publish(partition, record, result.path("headers"));
      }
      case "block" -> {
        // The circuit breaker: the record stays where it is, and is tried again then.
        partition.waitUntil = now() + result.path("retryAfterMs").asLong(1_000);
        return false;
      }
      default -> {
        // `wait`: the same is told under the next claim.
        partition.outcome = outcome;
        partition.claimEnded();
        return false;
      }
    }
  }

  private static void announced(
      Partition partition, ConsumerRecord<byte[], byte[]> record, JsonNode headers, JsonNode error) {
    ObjectNode entry = named(record).put("attempt", headers.path("x-retry-attempt").asInt(0));
    ObjectNode before = partition.outstanding.get(record.offset());
    if (error != null) entry.set("error", error);
    else if (before != null && before.has("error")) entry.set("error", before.get("error"));
    partition.outstanding.put(record.offset(), entry);
    partition.list(record.key(), record.offset());
  }

  /** Publishes to the partition of the same number, and waits until Kafka has it. */
  private boolean publish(Partition partition, ConsumerRecord<byte[], byte[]> record, JsonNode given) {
    Headers headers = new RecordHeaders();
    for (Header header : record.headers()) if (!header.key().startsWith("x-retry-")) headers.add(header);
    given.fields().forEachRemaining((field) -> headers.add(field.getKey(), utf8(field.getValue().asText())));
    if (record.timestamp() >= 0) headers.add("x-retry-origin-timestamp", utf8(Long.toString(record.timestamp())));
    try {
      try {
        send(record, record.value(), headers);
      } catch (RecordTooLargeException tooLarge) {
        if (record.value() == null) throw tooLarge;
        send(record, null, headers.add("x-retry-value", utf8("origin")));
      }
      partition.outstanding.remove(record.offset());
      return true;
    } catch (KafkaException error) {
      log.log(WARNING, "{0}: no answer of {1}: {2}", partition.id, settings.retryTopic(), error.toString());
      partition.waitUntil = now() + 1_000;
      return false;
    }
  }

  private void send(ConsumerRecord<byte[], byte[]> record, byte[] value, Headers headers) {
    String topic = settings.retryTopic();
    try {
      producer.send(new ProducerRecord<>(topic, record.partition(), null, record.key(), value, headers)).get();
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof KafkaException error) throw error;
      throw new KafkaException(failed.getCause());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new KafkaException(interrupted);
    }
  }

  /** Commits what is finished. What fails is committed next time; if the group was lost, the next poll says so. */
  private void commit(Collection<TopicPartition> of) {
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (Partition partition : partitions.values()) {
      if (partition.finished >= 0 && of.contains(partition.id)) {
        offsets.put(partition.id, new OffsetAndMetadata(partition.finished));
      }
    }
    if (offsets.isEmpty()) return;
    try {
      consumer.commitSync(offsets, CALL);
      for (TopicPartition id : offsets.keySet()) partitions.get(id.partition()).finished = -1;
    } catch (RebalanceInProgressException untilItIsOver) {
      log.log(DEBUG, "not committed yet: the group is rebalancing");
    } catch (KafkaException error) {
      log.log(WARNING, "not committed yet: {0}", error.toString());
    }
  }

  // ---- The claim on a partition

  private void claim(Partition partition) {
    // The first rests on the assignment. Each other one on a commit: who lost the partition must not take it back.
    if (partition.claimedBefore && !stillOwns(partition)) {
      partition.fenced();
      partition.waitUntil = now() + 1_000;
      return;
    }
    partition.claimedBefore = true;
    ObjectNode body = json.createObjectNode().put("consumerId", consumerId).put("call", ++claimCalls);
    int generation = consumer.groupMetadata().generationId();
    if (generation >= 0) body.put("generation", generation);
    if (!partition.outstanding.isEmpty()) body.set("outstanding", outstanding(partition));
    Answer answer = post("/partitions/" + partition.id.partition() + "/claims", body, CLAIM);
    if (!answer.ok() || !answer.body().path("claimEpoch").isTextual()) {
      refused(partition, "claim", answer);
      return;
    }
    JsonNode claim = answer.body();
    partition.claimed = true;
    partition.flowing = true;
    partition.claimEpoch = claim.path("claimEpoch").asText();
    partition.incarnation = claim.path("incarnation").asText();
    partition.seen = claim.path("seen");
    partition.complete = claim.path("complete").asBoolean(false);
    partition.nullKeyUpTo = Math.max(partition.nullKeyUpTo, claim.path("nullKeyUpTo").asLong(-1));
    partition.listed.clear();
    for (JsonNode key : claim.path("lockedKeys")) partition.listed.add(keyOf(key));
    // What waits for Kafka's acknowledgement is locked, whatever the list says.
    for (ObjectNode entry : partition.outstanding.values()) partition.listed.add(keyOf(entry));
  }

  private boolean stillOwns(Partition partition) {
    try {
      long next = consumer.position(partition.id, CALL);
      consumer.commitSync(Map.of(partition.id, new OffsetAndMetadata(next)), CALL);
      return true;
    } catch (KafkaException error) {
      log.log(WARNING, "{0}: no claim, since the group does not take a commit: {1}", partition.id, error.toString());
      return false;
    }
  }

  /** Once a second, all claims in one call. Nobody waits for the answer: it is read before the next call, or a turn later. */
  private void renewIfDue() {
    if (renewal != null && renewal.isDone()) renewed();
    if (renewal != null || now() - renewedAt < RENEW_EVERY_MS || now() < serviceAwayUntil) return;
    renewedAt = now();
    ObjectNode body = json.createObjectNode().put("consumerId", consumerId);
    ArrayNode claims = body.putArray("claims");
    for (Partition partition : partitions.values()) {
      if (!partition.claimed) continue;
      ObjectNode item = claims.addObject().put("partition", partition.id.partition());
      item.put("claimEpoch", partition.claimEpoch).put("incarnation", partition.incarnation);
      item.set("seen", partition.seen);
      if (!partition.outstanding.isEmpty()) item.set("outstanding", outstanding(partition));
    }
    if (!claims.isEmpty()) renewal = send("/renewals", body, CALL);
  }

  /** Reads the answer to the renewal that is under way. Calls of a partition go one after another, so it comes first. */
  private void renewed() {
    if (renewal == null) return;
    Answer answer = noted(renewal.join());
    renewal = null;
    for (JsonNode claim : answer.ok() ? answer.body().path("claims") : json.createArrayNode()) {
      Partition partition = partitions.get(claim.path("partition").asInt(-1));
      if (partition == null || !partition.claimed) continue;
      switch (claim.path("status").asText()) {
        case "held" -> {
          for (JsonNode key : claim.path("unlockedKeys")) partition.listed.remove(keyOf(key));
          for (JsonNode key : claim.path("lockedKeys")) partition.listed.add(keyOf(key));
          partition.seen = claim.path("seen");
        }
        case "claim-again" -> partition.claimEnded();
        default -> partition.fenced();
      }
    }
  }

  private static ArrayNode outstanding(Partition partition) {
    ArrayNode list = json.createArrayNode();
    partition.outstanding.values().forEach(list::add);
    return list;
  }

  // ---- Calls

  /** The answers to as many items, or null: the partition waits. */
  private JsonNode call(Partition partition, String name, ObjectNode body, String list, int count) {
    renewed();
    if (!partition.claimed) return null;
    body.put("claimEpoch", partition.claimEpoch).put("incarnation", partition.incarnation);
    Answer answer = post("/partitions/" + partition.id.partition() + "/" + name, body, CALL);
    if (answer.ok() && answer.body().path(list).size() == count) return answer.body().path(list);
    refused(partition, name, answer);
    return null;
  }

  private void refused(Partition partition, String call, Answer answer) {
    String what = answer.status() == 0 ? "no answer" : answer.status() + " " + answer.body().path("message").asText();
    log.log(WARNING, "{0}: {1}: {2}", partition.id, call, what);
    if ("FENCED".equals(answer.body().path("code").asText())) partition.fenced();
    long wait = Math.max(answer.retryAfterMs(), answer.status() == 0 ? 100 : 500);
    partition.waitUntil = Math.max(serviceAwayUntil, now() + wait);
  }

  private Answer post(String path, ObjectNode body, Duration timeout) {
    renewed();
    return now() < serviceAwayUntil ? NO_ANSWER : noted(send(path, body, timeout).join());
  }

  private static final Answer NO_ANSWER = new Answer(0, json.createObjectNode(), 0);

  /** After no answer everybody waits: 100 ms, doubling to 5 s. */
  private Answer noted(Answer answer) {
    serviceBackoff = answer.status() > 0 ? 0 : Math.min(5_000, Math.max(100, serviceBackoff * 2));
    serviceAwayUntil = now() + serviceBackoff;
    return answer;
  }

  private CompletableFuture<Answer> send(String path, ObjectNode body, Duration timeout) {
    URI uri = URI.create(settings.service().replaceAll("/+$", "") + "/v1/routes/" + settings.route() + path);
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(timeout);
    request.header("content-type", "application/json").POST(HttpRequest.BodyPublishers.ofString(body.toString()));
    if (settings.token() != null) request.header("authorization", "Bearer " + settings.token());
    return http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofByteArray())
        .thenApply(RetryGate::read)
        .exceptionally((error) -> NO_ANSWER);
  }

  /** What is not the contract's counts as no answer, and never as a permission. */
  private static Answer read(HttpResponse<byte[]> response) {
    try {
      JsonNode body = json.readTree(response.body());
      boolean notReady = "NOT_READY".equals(body.path("code").asText());
      if (!body.isObject() || (response.statusCode() >= 500 && !notReady)) return NO_ANSWER;
      long seconds = response.headers().firstValueAsLong("retry-after").orElse(0);
      return new Answer(response.statusCode(), body, seconds * 1_000);
    } catch (IOException | NumberFormatException notOurs) {
      return NO_ANSWER;
    }
  }

  // ---- Headers and keys

  private static boolean isRedelivered(ConsumerRecord<byte[], byte[]> record) {
    return record.headers().lastHeader("x-retry-delivery") != null;
  }

  private boolean isOfAnotherRoute(ConsumerRecord<byte[], byte[]> record) {
    String route = text(record, "x-retry-route");
    return route != null && !route.equals(settings.route());
  }

  private static int attemptOf(ConsumerRecord<byte[], byte[]> record) {
    return isRedelivered(record) ? (int) number(record, "x-retry-attempt", 1) : 1;
  }

  private static long originOffset(ConsumerRecord<byte[], byte[]> record) {
    return isRedelivered(record) ? number(record, "x-retry-origin-offset", record.offset()) : record.offset();
  }

  /** The record as calls name it: key, the origin's offset, and the token of its delivery. */
  private static ObjectNode named(ConsumerRecord<byte[], byte[]> record) {
    ObjectNode item = json.createObjectNode();
    if (record.key() != null) {
      try {
        item.put("key", StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(record.key())).toString());
      } catch (CharacterCodingException notText) {
        item.put("keyBase64", Base64.getEncoder().encodeToString(record.key()));
      }
    }
    item.put("offset", originOffset(record));
    if (isRedelivered(record)) item.put("delivery", text(record, "x-retry-delivery"));
    return item;
  }

  private static ByteBuffer keyOf(JsonNode named) {
    if (named.hasNonNull("keyBase64")) return ByteBuffer.wrap(Base64.getDecoder().decode(named.get("keyBase64").asText()));
    return named.hasNonNull("key") ? ByteBuffer.wrap(utf8(named.get("key").asText())) : null;
  }

  private static String text(ConsumerRecord<byte[], byte[]> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
  }

  private static long number(ConsumerRecord<byte[], byte[]> record, String name, long otherwise) {
    String text = text(record, name);
    return text != null && text.matches("[0-9]{1,15}") ? Long.parseLong(text) : otherwise;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Milliseconds since the start: no clock that is set can make a wait longer. */
  private static long now() {
    return (System.nanoTime() - START) / 1_000_000;
  }
}
