package retrygate

import (
	"context"
	"fmt"
	"log"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	again    = 200 * time.Millisecond // until the next try of what was not answered
	onlyText = 1024                   // bytes of an error's message that travel
)

// Partition is the gate of one partition, for the time of one assignment.
type Partition struct {
	gate   *Gate
	ctx    context.Context // ends when the partition is revoked
	topic  string
	number int32
	turn   sync.Mutex // calls of a partition go one after another; renewals take it too

	next  int64 // everything before it is finished; -1: no record has come yet
	asked bool  // a claim was tried in this assignment

	mu          sync.Mutex // guards the rest
	state       state
	epoch       int // counts claims and their ends
	ticket      ticket
	seen        int64
	keys        map[string]bool // what has to be asked about
	askAll      bool            // there are more than fit on a list
	nullKeyUpTo int64
	outstanding *outstanding
}

type state int

const (
	// Nothing goes on: no claim yet, or somebody else may have one and lock keys.
	outside state = iota
	held
	// The service lost its place, we did not lose ours: keys that are not listed go on, all else needs a new claim.
	stale
)

// Finish takes a record through the gate and returns once it may be committed. An error: the partition was revoked, and
// the record must not be committed.
func (p *Partition) Finish(record *kgo.Record) error {
	p.next = record.Offset
	delivery := readDelivery(record)
	if delivery != nil && delivery.route != p.gate.config.Route {
		return nil // a retry of another group
	}
	for p.ctx.Err() == nil {
		if p.mustClaim() {
			if err := p.Claim(); err != nil {
				return err
			}
		}
		if delivery != nil || p.mustAsk(record) {
			admitted, err := p.admit(record, delivery)
			if err != nil {
				return err
			}
			switch admitted.Verdict {
			case "skip": // safe elsewhere, or decided before
				return nil
			case "redirect":
				if p.publish(record, admitted.Headers) {
					return nil
				}
				continue
			case "process":
			default: // wait, fenced: under a new claim we ask again
				continue
			}
		}
		if err := p.ctx.Err(); err != nil {
			return err
		}
		failure := p.gate.handler(record, p.contextOf(record, delivery))
		if failure == nil && delivery == nil {
			return nil
		}
		reported, err := p.report(record, delivery, failure)
		if err != nil {
			return err
		}
		switch reported.Result {
		case "redirect":
			if p.publish(record, reported.Headers) {
				return nil
			}
		case "block": // the circuit breaker: the partition stays here, and this counts as no attempt
			wait := time.Duration(reported.RetryAfterMs) * time.Millisecond
			if err := pause(p.ctx, max(again, wait)); err != nil {
				return err
			}
		case "fenced": // dropped; still in our hands, so it starts again under a new claim
		default: // done, recorded, deadLettered, stale
			return nil
		}
	}
	return p.ctx.Err()
}

// Claim obtains the claim. It gives up early only where no record has come yet: the next one claims again.
func (p *Partition) Claim() error {
	for {
		if p.asked {
			if p.next < 0 {
				return nil
			}
			// Every claim but the first rests on a proof that the group still counts us as the owner.
			if err := p.Commit(p.next); err != nil {
				log.Printf("retrygate: partition %d: not proven to be ours: %v", p.number, err)
				if err := pause(p.ctx, again); err != nil {
					return err
				}
				continue
			}
		}
		p.asked = true
		refused := p.claimOnce()
		if refused == nil {
			return nil
		}
		log.Printf("retrygate: partition %d: claim: %v", p.number, refused)
		if err := pause(p.ctx, max(again, refused.retryAfter)); err != nil {
			return err
		}
	}
}

// Commit says that everything before `next` is finished.
func (p *Partition) Commit(next int64) error {
	last := &kgo.Record{Topic: p.topic, Partition: p.number, Offset: next - 1, LeaderEpoch: -1}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.ctx), 10*time.Second)
	defer cancel()
	return p.gate.config.Client.CommitRecords(ctx, last)
}

func (p *Partition) claimOnce() *refusal {
	p.turn.Lock()
	defer p.turn.Unlock()
	_, generation := p.gate.config.Client.GroupMetadata()
	body := map[string]any{
		"consumerId": p.gate.consumerID,
		"call":       p.gate.calls.Add(1),
		"generation": generation,
	}
	if waiting := p.waiting(); len(waiting) > 0 {
		body["outstanding"] = waiting
	}
	var claim claimed
	refused := p.gate.post(p.ctx, p.path("claims"), body, &claim)
	if refused != nil {
		if refused.code == "FENCED" {
			p.end(outside)
		}
		return refused
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.ticket, p.seen = held, claim.ticket, claim.Seen
	p.epoch++
	p.askAll = !claim.Complete
	p.nullKeyUpTo = max(p.nullKeyUpTo, claim.NullKeyUpTo)
	p.keys = map[string]bool{}
	for _, key := range claim.LockedKeys {
		p.list(key)
	}
	// What waits for its acknowledgement is locked, whatever the list says.
	if p.outstanding != nil {
		p.list(p.outstanding.wireKey)
	}
	return nil
}

func (p *Partition) admit(record *kgo.Record, d *delivery) (answer, error) {
	asked := itemOf(record, d)
	return p.call("admissions", "records", asked, func(a answer) {
		if d != nil {
			return
		}
		if a.Verdict == "redirect" {
			p.lock(record.Key, record.Offset)
			p.outstanding = &outstanding{asked.wireKey, asked.Offset, attemptIn(a.Headers), p.knownError(asked.Offset)}
			return
		}
		p.outstanding = nil
		if a.Verdict == "process" {
			delete(p.keys, string(record.Key))
		}
	})
}

func (p *Partition) report(record *kgo.Record, d *delivery, failure error) (answer, error) {
	told := itemOf(record, d)
	told.Result = "succeeded"
	if failure != nil {
		told.Result = "failed"
		told.Error = &handlerError{fmt.Sprintf("%T", failure), capped(failure.Error())}
	}
	for {
		result, err := p.call("outcomes", "outcomes", told, func(a answer) {
			switch a.Result {
			case "redirect":
				p.outstanding = &outstanding{told.wireKey, told.Offset, attemptIn(a.Headers), told.Error}
				p.lock(record.Key, told.Offset)
			case "stale", "recorded", "deadLettered":
				p.lock(record.Key, told.Offset)
			}
		})
		// The handler is not run again for that: the same outcome goes out under the next claim.
		if err == nil && (result.Result == "wait" || result.Result == "fenced" && d != nil) {
			continue
		}
		return result, err
	}
}

// call makes a call about one record under a claim until it is answered. `apply` runs before any other call.
func (p *Partition) call(name, field string, it item, apply func(answer)) (answer, error) {
	for {
		if !p.isHeld() {
			if err := p.Claim(); err != nil {
				return answer{}, err
			}
		}
		said, refused := p.callOnce(name, field, it, apply)
		if refused == nil {
			return said, nil
		}
		log.Printf("retrygate: partition %d: %s: %v", p.number, name, refused)
		if err := pause(p.ctx, max(again, refused.retryAfter)); err != nil {
			return answer{}, err
		}
	}
}

func (p *Partition) callOnce(name, field string, it item, apply func(answer)) (answer, *refusal) {
	p.turn.Lock()
	defer p.turn.Unlock()
	p.mu.Lock()
	body := map[string]any{
		"claimEpoch":  p.ticket.ClaimEpoch,
		"incarnation": p.ticket.Incarnation,
		field:         []item{it},
	}
	p.mu.Unlock()
	var told answers
	refused := p.gate.post(p.ctx, p.path(name), body, &told)
	if refused != nil && refused.code == "FENCED" {
		p.end(outside)
		return answer{Verdict: "fenced", Result: "fenced"}, nil
	}
	if refused != nil {
		return answer{}, refused
	}
	all := append(told.Verdicts, told.Results...)
	if len(all) != 1 || !known[all[0].Verdict+all[0].Result] {
		return answer{}, &refusal{detail: "an answer that is not the contract's"}
	}
	said := all[0]
	if said.Verdict == "wait" || said.Result == "wait" {
		p.end(stale)
		return said, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	apply(said)
	return said, nil
}

// What the service may say; anything else counts as no answer, never as permission.
var known = map[string]bool{
	"process": true, "skip": true, "redirect": true, "wait": true,
	"block": true, "stale": true, "recorded": true, "deadLettered": true, "done": true,
}

// publish writes a record to the retry topic, and returns true once Kafka has it. False: the claim has ended meanwhile,
// or the partition was revoked.
func (p *Partition) publish(record *kgo.Record, given map[string]string) bool {
	epoch := p.claimEpoch()
	retry := retryRecord(p.gate.config.RetryTopic, record, given)
	for p.ctx.Err() == nil && p.claimEpoch() == epoch {
		err := p.gate.config.Client.ProduceSync(p.ctx, retry).FirstErr()
		if err == nil {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.outstanding = nil
			return true
		}
		if isTooLarge(err) && retry.Value != nil {
			retry = withoutValue(retry)
			continue
		}
		log.Printf("retrygate: partition %d: publish: %v", p.number, err)
		_ = pause(p.ctx, again)
		retry = clone(retry) // a record that was produced once is kgo's
	}
	return false
}

func (p *Partition) renewal() (renewal, bool) {
	waiting := p.waiting()
	p.mu.Lock()
	defer p.mu.Unlock()
	return renewal{p.ticket, p.number, p.seen, waiting}, p.state == held
}

func (p *Partition) renewed(status string, lockedKeys, unlockedKeys []wireKey, seen int64) {
	switch status {
	case "held":
		p.mu.Lock()
		defer p.mu.Unlock()
		p.seen = seen
		for _, key := range unlockedKeys {
			if bytes, ok := key.bytes(); ok {
				delete(p.keys, bytes)
			}
		}
		for _, key := range lockedKeys {
			p.list(key)
		}
	case "claim-again":
		p.end(stale)
	default:
		p.end(outside)
	}
}

func (p *Partition) mustClaim() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state == outside
}

// mustAsk: whether a record that is read for the first time may not go straight to the handler.
func (p *Partition) mustAsk(record *kgo.Record) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if record.Key == nil {
		return p.askAll || record.Offset <= p.nullKeyUpTo
	}
	return p.askAll || p.keys[string(record.Key)]
}

func (p *Partition) isHeld() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state == held
}

func (p *Partition) claimEpoch() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.epoch
}

func (p *Partition) end(as state) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == held || as == outside {
		p.state = as
		p.epoch++
	}
}

func (p *Partition) waiting() []outstanding {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.outstanding == nil {
		return nil
	}
	return []outstanding{*p.outstanding}
}

// With mu held, as the two below.
func (p *Partition) list(key wireKey) {
	if bytes, ok := key.bytes(); ok {
		p.keys[bytes] = true
	}
}

func (p *Partition) lock(key []byte, origin int64) {
	if key == nil {
		p.nullKeyUpTo = max(p.nullKeyUpTo, origin)
		return
	}
	p.keys[string(key)] = true
}

func (p *Partition) knownError(offset int64) *handlerError {
	if p.outstanding != nil && p.outstanding.Offset == offset {
		return p.outstanding.Error
	}
	return nil
}

func (p *Partition) contextOf(record *kgo.Record, d *delivery) Context {
	if d == nil {
		return Context{record.Partition, record.Offset, 1}
	}
	return Context{record.Partition, d.offset, d.attempt}
}

func (p *Partition) path(call string) string {
	return "/partitions/" + strconv.Itoa(int(p.number)) + "/" + call
}

func itemOf(record *kgo.Record, d *delivery) item {
	if d == nil {
		return item{wireKey: toWire(record.Key), Offset: record.Offset}
	}
	return item{wireKey: toWire(record.Key), Offset: d.offset, Delivery: d.token}
}

func capped(text string) string {
	if len(text) > onlyText {
		text = text[:onlyText]
	}
	return strings.ToValidUTF8(text, "")
}

// Revoked is closed when the partition is no longer ours.
func (p *Partition) Revoked() <-chan struct{} { return p.ctx.Done() }
