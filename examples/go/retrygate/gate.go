// Package retrygate keeps the order of every key while messages are retried: see the README beside it.
//
// Records of a partition go through it one after another. A record whose key is not locked costs no network call.
package retrygate

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type Config struct {
	Service    string // base URL
	Route      string
	RetryTopic string
	// A group consumer without auto-commit, and a producer with kgo.ManualPartitioner. kgo's defaults are idempotent, acks=all.
	Client *kgo.Client
}

// Context is what a handler is told beside the record.
type Context struct {
	Partition int32 // of the origin: where the message was first read
	Offset    int64
	Attempt   int // 1 for the first
}

// Handler handles one record. An error means that it failed.
type Handler func(*kgo.Record, Context) error

type Gate struct {
	config     Config
	handler    Handler
	http       *http.Client
	consumerID string       // unique per start of the process
	calls      atomic.Int64 // rises with each claim: one that was given up must not take effect later
	mu         sync.Mutex
	partitions map[int32]*Partition
}

func New(config Config, handler Handler) *Gate {
	nonce := make([]byte, 8)
	_, _ = rand.Read(nonce)
	host, _ := os.Hostname()
	return &Gate{
		config:     config,
		handler:    handler,
		http:       &http.Client{},
		consumerID: host + "-" + hex.EncodeToString(nonce),
		partitions: map[int32]*Partition{},
	}
}

// Assigned is called once for each assignment of a partition, before its first record.
func (g *Gate) Assigned(ctx context.Context, topic string, number int32) *Partition {
	p := &Partition{gate: g, ctx: ctx, topic: topic, number: number, next: -1, nullKeyUpTo: -1}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.partitions[number] = p
	return p
}

// Revoked forgets all that was known about a partition. Its Context was cancelled and its Finish has returned.
func (g *Gate) Revoked(number int32) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.partitions, number)
}

// Renew renews all claims once a second, until ctx ends: shows who is alive, and brings what was locked and unlocked
// otherwise than by our calls.
func (g *Gate) Renew(ctx context.Context) {
	for pause(ctx, time.Second) == nil {
		g.renewOnce(ctx)
	}
}

func (g *Gate) renewOnce(ctx context.Context) {
	inTurn := map[int32]*Partition{}
	var claims []renewal
	g.mu.Lock()
	for number, p := range g.partitions {
		// One that is in a call is left out: an answer must not overtake the effects of another one.
		if !p.turn.TryLock() {
			continue
		}
		if claim, ok := p.renewal(); ok {
			inTurn[number] = p
			claims = append(claims, claim)
		} else {
			p.turn.Unlock()
		}
	}
	g.mu.Unlock()
	defer func() {
		for _, p := range inTurn {
			p.turn.Unlock()
		}
	}()
	if len(claims) == 0 {
		return
	}
	var told renewed
	body := map[string]any{"consumerId": g.consumerID, "claims": claims}
	if refused := g.post(ctx, "/renewals", body, &told); refused != nil {
		log.Printf("retrygate: renewal: %v", refused)
		return
	}
	for _, one := range told.Claims {
		if p := inTurn[one.Partition]; p != nil {
			p.renewed(one.Status, one.LockedKeys, one.UnlockedKeys, one.Seen)
		}
	}
}

// pause returns an error if ctx ended before the time was over.
func pause(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
