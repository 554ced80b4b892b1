// An order service with a gate: later events of an order wait while an earlier one is retried.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"example.com/orders-service/retrygate"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	topic := env("TOPIC", "orders")
	sessionTimeout, err := strconv.Atoi(env("SESSION_TIMEOUT_MS", "45000"))
	if err != nil {
		log.Fatalf("SESSION_TIMEOUT_MS: %v", err)
	}
	workers := &workers{topic: topic, running: map[int32]*worker{}}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(env("KAFKA_BROKERS", "localhost:9092"), ",")...),
		kgo.ConsumerGroup(env("GROUP_ID", "orders-service")),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.SessionTimeout(time.Duration(sessionTimeout)*time.Millisecond),
		kgo.HeartbeatInterval(time.Second),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(workers.assigned),
		kgo.OnPartitionsRevoked(workers.revoked),
		kgo.OnPartitionsLost(workers.revoked),
		// The retry topic: the same partition number as in the main topic, and room for headers on top.
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchMaxBytes(1_048_588+64*1024),
	)
	if err != nil {
		log.Fatal(err)
	}
	gate := retrygate.New(retrygate.Config{
		Service:    env("RETRY_ORCHESTRATOR_URL", "http://localhost:8080"),
		Route:      env("ROUTE", topic),
		RetryTopic: env("RETRY_TOPIC", "orders.retry"),
		Client:     client,
	}, handleOrder)
	workers.start(gate)
	go gate.Renew(ctx)

	for ctx.Err() == nil {
		fetches := client.PollRecords(ctx, 1000)
		fetches.EachError(func(_ string, partition int32, err error) {
			if !errors.Is(err, context.Canceled) {
				log.Printf("partition %d: %v", partition, err)
			}
		})
		fetches.EachPartition(func(fetched kgo.FetchTopicPartition) {
			if len(fetched.Records) > 0 {
				workers.hand(client, fetched.Partition, fetched.Records)
			}
		})
		client.AllowRebalance()
	}
	workers.stop()
	client.CloseAllowingRebalance()
}

// What each partition has: a goroutine that takes its records through the gate, one after another.
type worker struct {
	records chan []*kgo.Record
	cancel  context.CancelFunc
	ended   chan struct{}
}

type workers struct {
	topic   string
	mu      sync.Mutex
	gate    *retrygate.Gate
	early   []int32 // assigned before there was a gate
	client  *kgo.Client
	running map[int32]*worker
}

func (w *workers) start(gate *retrygate.Gate) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gate = gate
	for _, partition := range w.early {
		w.begin(partition)
	}
}

func (w *workers) assigned(_ context.Context, client *kgo.Client, assigned map[string][]int32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.client = client
	for _, partition := range assigned[w.topic] {
		if w.gate == nil {
			w.early = append(w.early, partition)
		} else {
			w.begin(partition)
		}
	}
}

func (w *workers) begin(partition int32) {
	ctx, cancel := context.WithCancel(context.Background())
	one := &worker{records: make(chan []*kgo.Record, 64), cancel: cancel, ended: make(chan struct{})}
	w.running[partition] = one
	go one.run(w.client, w.gate.Assigned(ctx, w.topic, partition), w.topic, partition)
}

func (w *workers) revoked(_ context.Context, _ *kgo.Client, revoked map[string][]int32) {
	w.end(revoked[w.topic])
}

func (w *workers) stop() {
	w.mu.Lock()
	var all []int32
	for partition := range w.running {
		all = append(all, partition)
	}
	w.mu.Unlock()
	w.end(all)
}

// end lets handlers that run come to their end, and commits what is finished.
func (w *workers) end(partitions []int32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, partition := range partitions {
		if one := w.running[partition]; one != nil {
			one.cancel()
		}
	}
	for _, partition := range partitions {
		if one := w.running[partition]; one != nil {
			<-one.ended
			w.gate.Revoked(partition)
			delete(w.running, partition)
			w.client.ResumeFetchPartitions(map[string][]int32{w.topic: {partition}})
		}
	}
}

// hand gives records to the partition's worker. It is paused until they are done, so that polling goes on for the others.
func (w *workers) hand(client *kgo.Client, partition int32, records []*kgo.Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if one := w.running[partition]; one != nil {
		client.PauseFetchPartitions(map[string][]int32{w.topic: {partition}})
		one.records <- records
	}
}

func (one *worker) run(client *kgo.Client, p *retrygate.Partition, topic string, partition int32) {
	defer close(one.ended)
	if err := p.Claim(); err != nil {
		return
	}
	committed := time.Now()
	for {
		select {
		case <-p.Revoked():
			return
		case records := <-one.records:
			next := records[0].Offset
			commit := func() {
				committed = time.Now()
				if err := p.Commit(next); err != nil {
					log.Printf("partition %d: commit: %v", partition, err)
				}
			}
			for _, record := range records {
				if p.Finish(record) != nil {
					commit()
					return
				}
				next = record.Offset + 1
				if time.Since(committed) > time.Second {
					commit()
				}
			}
			commit()
			if len(one.records) == 0 {
				client.ResumeFetchPartitions(map[string][]int32{topic: {partition}})
			}
		}
	}
}

type orderEvent struct {
	Order string `json:"order"`
	Seq   int    `json:"seq"`
}

// The warehouse fails the first two attempts at the first event of every fifth order, and works otherwise.
func handleOrder(record *kgo.Record, c retrygate.Context) error {
	var event orderEvent
	if err := json.Unmarshal(record.Value, &event); err != nil {
		return err
	}
	number, err := strconv.Atoi(strings.TrimPrefix(event.Order, "order-"))
	if err != nil {
		return err
	}
	works := event.Seq != 0 || number%5 != 0 || c.Attempt > 2
	result := "succeeded"
	if !works {
		result = "failed"
	}
	line, err := json.Marshal(struct {
		orderEvent
		Partition int32  `json:"partition"`
		Offset    int64  `json:"offset"`
		Attempt   int    `json:"attempt"`
		Result    string `json:"result"`
	}{event, c.Partition, c.Offset, c.Attempt, result})
	if err != nil {
		return err
	}
	if _, err := os.Stdout.Write(append(line, '\n')); err != nil {
		return err
	}
	if !works {
		return errors.New("the warehouse does not answer")
	}
	return nil
}

func env(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
