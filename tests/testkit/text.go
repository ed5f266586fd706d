// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Lengths in bytes that the filler of a long line is cut to. The line around it
// adds less than 512 bytes, so a line has 1.5 to 4 KiB.
const (
	minFiller = 1536
	maxFiller = 3584
)

// fillerWords make up long lines. Some have characters of several bytes, so
// that the end of a piece sometimes falls into one.
var fillerWords = []string{
	"alpha", "river", "tributary", "naïve", "queue", "Ωmega", "payload", "日本語",
	"retry", "=", "\t", "Größe", "checkpoint", "🚰", "0x1f", "bucket",
}

var messages = []string{
	"request done", "cache miss for key user:42", "slow query", "connection reset by peer",
	"retrying in 5s", "user logged in", "GET /api/v1/items?page=2&size=50 HTTP/1.1",
}

var unicodeMessages = []string{
	"Größe überschritten", "資料庫連線逾時", "задача завершена", "naïve café ☕", "🚀 deployed", "مرحبا",
}

// lineText makes one line around a marker. The marker is never at the end, so
// that the digits of a line joined to it by mistake do not lengthen it.
func lineText(random *rand.Rand, marker string, asJSON, long bool) string {
	filler := ""
	if long {
		filler = fillerText(random)
	}
	if asJSON {
		return jsonText(random, marker, filler)
	}
	return plainText(random, marker, filler)
}

// fillerText is text of minFiller to maxFiller bytes.
func fillerText(random *rand.Rand) string {
	size := minFiller + random.IntN(maxFiller-minFiller)
	var text strings.Builder
	for {
		word := pick(random, fillerWords...)
		if text.Len()+1+len(word) > size {
			// Bytes that no whole word fills are filled one by one.
			text.WriteString(strings.Repeat(".", size-text.Len()))
			return text.String()
		}
		text.WriteByte(' ')
		text.WriteString(word)
	}
}

// logObject is a JSON line; its fields come out in this order.
type logObject struct {
	Level   string         `json:"level"`
	Message string         `json:"msg"`
	Context map[string]any `json:"ctx,omitempty"`
	Payload string         `json:"payload,omitempty"`
	Marker  string         `json:"seq"`
}

func jsonText(random *rand.Rand, marker, filler string) string {
	object := logObject{
		Level:   pick(random, "debug", "info", "info", "warn", "error"),
		Message: pick(random, messages...),
		Payload: filler,
		Marker:  marker,
	}
	switch random.IntN(4) {
	case 0:
		object.Context = map[string]any{
			"user":     map[string]any{"id": random.IntN(10_000), "roles": []string{"admin", "ops"}},
			"took_ms":  float64(random.IntN(100_000)) / 100,
			"cache":    random.IntN(2) == 0,
			"upstream": nil,
		}
	case 1:
		object.Message = pick(random, unicodeMessages...)
	case 2:
		object.Message = `said "` + object.Message + `" to C:\temp` + "\n\tat line 2"
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	// Most loggers leave <, > and & as they are.
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(object); err != nil {
		panic(fmt.Errorf("encode generated line: %w", err))
	}
	return strings.TrimSuffix(text.String(), "\n")
}

func plainText(random *rand.Rand, marker, filler string) string {
	message := pick(random, messages...)
	took := random.IntN(5000)
	switch random.IntN(7) {
	case 0:
		return fmt.Sprintf("    at %s (%s) %s:%d%s", "com.example.Worker.run", marker, "Worker.java", took, filler)
	case 1:
		return fmt.Sprintf("%s %s took %d ms%s  ", message, marker, took, filler)
	case 2:
		return fmt.Sprintf("%s\t%s\t%d\t-%s\t", marker, message, took, filler)
	case 3:
		return fmt.Sprintf("%s %s – %d ms%s", pick(random, unicodeMessages...), marker, took, filler)
	case 4:
		return fmt.Sprintf("level=info msg=%q seq=%s took=%dms extra==%s", message, marker, took, filler)
	case 5:
		return fmt.Sprintf("\t%s  %s  %d ms%s", message, marker, took, filler)
	default:
		return fmt.Sprintf("INFO %s [%s] %d ms%s", message, marker, took, filler)
	}
}
