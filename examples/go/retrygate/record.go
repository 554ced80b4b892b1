package retrygate

import (
	"errors"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// What the headers of a redelivered record say.
type delivery struct {
	token   string
	route   string
	offset  int64 // of the origin
	attempt int
}

// readDelivery returns nil for a record that is read for the first time.
func readDelivery(record *kgo.Record) *delivery {
	token, ok := lastHeader(record, "x-retry-delivery")
	if !ok {
		return nil
	}
	d := &delivery{token: token, offset: record.Offset, attempt: 1}
	d.route, _ = lastHeader(record, "x-retry-route")
	if text, ok := lastHeader(record, "x-retry-origin-offset"); ok {
		if offset, err := strconv.ParseInt(text, 10, 64); err == nil {
			d.offset = offset
		}
	}
	if text, ok := lastHeader(record, "x-retry-attempt"); ok {
		if attempt, err := strconv.Atoi(text); err == nil {
			d.attempt = attempt
		}
	}
	return d
}

// Of a repeated header the last one counts: whoever forwards a record appends.
func lastHeader(record *kgo.Record, name string) (value string, ok bool) {
	for _, header := range record.Headers {
		if header.Key == name {
			value, ok = string(header.Value), true
		}
	}
	return value, ok
}

// retryRecord is the record for the same partition of the retry topic: without the retry headers of an earlier round, which
// would pile up, and with the given ones.
func retryRecord(topic string, record *kgo.Record, given map[string]string) *kgo.Record {
	retry := &kgo.Record{Topic: topic, Partition: record.Partition, Key: record.Key, Value: record.Value}
	for _, header := range record.Headers {
		if !strings.HasPrefix(header.Key, "x-retry-") {
			retry.Headers = append(retry.Headers, header)
		}
	}
	for name, value := range given {
		retry.Headers = append(retry.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
	timestamp := strconv.FormatInt(record.Timestamp.UnixMilli(), 10)
	retry.Headers = append(retry.Headers, kgo.RecordHeader{Key: "x-retry-origin-timestamp", Value: []byte(timestamp)})
	return retry
}

// withoutValue: the service then reads the value at the origin.
func withoutValue(retry *kgo.Record) *kgo.Record {
	small := clone(retry)
	small.Value = nil
	small.Headers = append(small.Headers, kgo.RecordHeader{Key: "x-retry-value", Value: []byte("origin")})
	return small
}

func clone(r *kgo.Record) *kgo.Record {
	return &kgo.Record{Topic: r.Topic, Partition: r.Partition, Key: r.Key, Value: r.Value, Headers: r.Headers}
}

func isTooLarge(err error) bool { return errors.Is(err, kerr.MessageTooLarge) }

func attemptIn(headers map[string]string) int {
	attempt, _ := strconv.Atoi(headers["x-retry-attempt"])
	return attempt
}
