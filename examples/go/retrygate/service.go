package retrygate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"
)

// A key as it travels: text where it is UTF-8, else base64, neither for the null key.
type wireKey struct {
	Key       *string `json:"key,omitempty"`
	KeyBase64 []byte  `json:"keyBase64,omitempty"`
}

type ticket struct {
	ClaimEpoch  string `json:"claimEpoch"`
	Incarnation string `json:"incarnation"`
}

// What the service told us to redirect, and Kafka has not acknowledged yet.
type outstanding struct {
	wireKey
	Offset  int64         `json:"offset"`
	Attempt int           `json:"attempt"`
	Error   *handlerError `json:"error,omitempty"`
}

type handlerError struct {
	Class   string `json:"class"`
	Message string `json:"message"`
}

// A record in an admission, and with Result in an outcome. Offset is the origin's.
type item struct {
	wireKey
	Offset   int64         `json:"offset"`
	Delivery string        `json:"delivery,omitempty"`
	Result   string        `json:"result,omitempty"`
	Error    *handlerError `json:"error,omitempty"`
}

// A verdict (of an admission) or a result (of an outcome).
type answer struct {
	Verdict      string            `json:"verdict"`
	Result       string            `json:"result"`
	Headers      map[string]string `json:"headers"`
	RetryAfterMs int64             `json:"retryAfterMs"`
}

type answers struct {
	Verdicts []answer `json:"verdicts"`
	Results  []answer `json:"results"`
}

type claimed struct {
	ticket
	LockedKeys  []wireKey `json:"lockedKeys"`
	Complete    bool      `json:"complete"`
	NullKeyUpTo int64     `json:"nullKeyUpTo"`
	Seen        int64     `json:"seen"`
}

type renewal struct {
	ticket
	Partition   int32         `json:"partition"`
	Seen        int64         `json:"seen"`
	Outstanding []outstanding `json:"outstanding,omitempty"`
}

type renewed struct {
	Claims []struct {
		Partition    int32     `json:"partition"`
		Status       string    `json:"status"`
		LockedKeys   []wireKey `json:"lockedKeys"`
		UnlockedKeys []wireKey `json:"unlockedKeys"`
		Seen         int64     `json:"seen"`
	} `json:"claims"`
}

// The service said no, or (no code) nothing that can be relied on: then the call may have taken effect.
type refusal struct {
	code       string
	retryAfter time.Duration
	detail     string
}

func (r *refusal) Error() string { return fmt.Sprintf("%s %s", r.code, r.detail) }

func (g *Gate) post(ctx context.Context, path string, body, into any) *refusal {
	encoded, err := json.Marshal(body)
	if err != nil {
		return &refusal{detail: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	url := g.config.Service + "/v1/routes/" + g.config.Route + path
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(encoded))
	if err != nil {
		return &refusal{detail: err.Error()}
	}
	request.Header.Set("content-type", "application/json")
	response, err := g.http.Do(request)
	if err != nil {
		return &refusal{detail: err.Error()}
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return &refusal{detail: err.Error()}
	}
	if response.StatusCode/100 == 2 {
		if err := json.Unmarshal(text, into); err != nil {
			return &refusal{detail: err.Error()}
		}
		return nil
	}
	var said struct {
		Code string `json:"code"`
	}
	_ = json.Unmarshal(text, &said) // what a proxy says is not ours, and has no code
	seconds, _ := strconv.Atoi(response.Header.Get("retry-after"))
	return &refusal{said.Code, time.Duration(seconds) * time.Second, response.Status}
}

func toWire(key []byte) wireKey {
	switch {
	case key == nil:
		return wireKey{}
	case utf8.Valid(key):
		text := string(key)
		return wireKey{Key: &text}
	default:
		return wireKey{KeyBase64: key}
	}
}

// The key's bytes; false for the null key.
func (k wireKey) bytes() (string, bool) {
	if k.Key != nil {
		return *k.Key, true
	}
	return string(k.KeyBase64), k.KeyBase64 != nil
}
