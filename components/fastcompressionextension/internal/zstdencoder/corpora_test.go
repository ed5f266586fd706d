// SPDX-License-Identifier: Apache-2.0

package zstdencoder

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// corpora are bodies as exporters have them, and some that they hardly have. Each function makes about so many
// bytes, the same ones each time.
var corpora = []struct {
	name string
	make func(size int) []byte
}{
	{"OTLP", otlp},
	{"JSON lines", lines(jsonLine)},
	{"access log of nginx", lines(nginxLine)},
	{"stack traces of Java", lines(javaLines)},
	{"system log", lines(systemLine)},
	{"prose", prose},
	{"base64", base64Text},
	{"short repetitions", shortRepetitions},
	{"random bytes", randomBytes},
	{"one byte, again and again", func(size int) []byte { return bytes.Repeat([]byte{0}, size) }},
}

// logs are how many of them, from the first one, are logs.
const logs = 5

func newRandom(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// pick takes one of some words.
func pick(r *rand.Rand, words string) string {
	all := strings.Split(words, "|")
	return all[r.IntN(len(all))]
}

func lines(line func(r *rand.Rand, number int) string) func(int) []byte {
	return func(size int) []byte {
		r, out := newRandom(1), []byte(nil)
		for number := 0; len(out) < size; number++ {
			out = append(out, line(r, number)...)
		}
		return out[:size]
	}
}

func jsonLine(r *rand.Rand, number int) string {
	return fmt.Sprintf(`{"ts":"2026-11-27T03:12:%02d.%09dZ","level":"%s","logger":"%s","msg":"%s","trace_id":"%016x%016x","user_id":%d,`+
		`"duration_ms":%.3f,"status":%d}`+"\n", number/1000%60, r.IntN(1e9), pick(r, "info|warn|error|debug"),
		pick(r, "com.example.OrderService|com.example.CartService|io.netty.channel"),
		pick(r, "request finished|cache miss for key|upstream timed out, retrying|order accepted"),
		r.Uint64(), r.Uint64(), r.IntN(1e6), r.Float64()*1000, 200+r.IntN(4)*100)
}

func nginxLine(r *rand.Rand, number int) string {
	return fmt.Sprintf("%d.%d.%d.%d - - [27/Nov/2026:03:%02d:%02d +0000] \"%s %s%d HTTP/1.1\" %d %d \"-\" \"%s\"\n",
		r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), number/6000%60, number/100%60, pick(r, "GET|POST|PUT"),
		pick(r, "/|/api/v1/items/|/static/app.js?|/login?|/images/"), r.IntN(100000), 200+r.IntN(4)*100, r.IntN(50000),
		pick(r, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36|"+
			"curl/8.5.0|kube-probe/1.29|Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15"))
}

func javaLines(r *rand.Rand, number int) string {
	out := fmt.Sprintf("2026-11-27 03:12:%02d,%03d ERROR [http-nio-8080-exec-%d] c.e.s.OrderController: request %x failed\n"+
		"java.lang.IllegalStateException: state %d\n", number%60, r.IntN(1000), r.IntN(50), r.Uint32(), r.IntN(1e5))
	for range 5 + r.IntN(30) {
		class := pick(r, "DispatcherServlet|OrderController|ThreadPoolExecutor|NioEventLoop|SqlExceptionHelper|SocketProcessorBase")
		out += fmt.Sprintf("\tat %s.%s.%s(%s.java:%d)\n", pick(r, "org.springframework.web.servlet|com.example.shop.orders|"+
			"io.netty.channel.nio|java.util.concurrent|org.apache.tomcat.util.net"), class,
			pick(r, "doDispatch|handle|run|process|invoke|execute|doFilter|apply"), class, r.IntN(1200))
	}
	return out
}

func systemLine(r *rand.Rand, number int) string {
	stamp := fmt.Sprintf("Nov 27 03:%02d:%02d node-a ", number/600%60, number/10%60)
	switch r.IntN(3) {
	case 0:
		return stamp + fmt.Sprintf("sshd[%d]: Failed password for invalid user admin from %d.%d.%d.%d port %d ssh2\n",
			r.IntN(30000), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(65536))
	case 1:
		return stamp + fmt.Sprintf("systemd[1]: Started Session %d of user root.\n", r.IntN(1e5))
	default:
		return stamp + fmt.Sprintf("containerd[800]: time=\"2026-11-27T03:12:%02d.%09dZ\" level=info msg=\"StopContainer for "+
			"\\\"%016x%016x\\\" with timeout 30 (s)\"\n", number%60, r.IntN(1e9), r.Uint64(), r.Uint64())
	}
}

// otlp is records with the fields that a collector sends, and lines as programs write them.
func otlp(size int) []byte {
	r, out := newRandom(1), []byte(nil)
	for number := uint64(0); len(out) < size; number++ {
		line := fmt.Sprintf("2026-11-27 03:12:%02d.%03d %s [worker-%d] com.example.orders.OrderService sq_%08d %s: order %d took %d ms, %d items",
			number/10000%60, number/10%1000, pick(r, "info|warn|error|debug"), r.IntN(16), number,
			pick(r, "user logged in|cache miss|slow query|connection reset by peer"), r.IntN(1e8), r.IntN(5000), r.IntN(20))
		record := append([]byte("\x52\x00\x4a\x00\x32\x18\x12\x08\x0a\x06"), pick(r, "stderr|stdout")...)
		record = append(record, "\x0a\x0clog.iostream\x2a"...)
		record = binary.AppendUvarint(record, uint64(len(line)+3))
		record = binary.AppendUvarint(append(record, 0x0a), uint64(len(line)))
		record = append(append(record, line...), 0x59)
		record = binary.LittleEndian.AppendUint64(record, 1700000000_000000000+number*100_000)
		record = binary.LittleEndian.AppendUint64(append(record, 0x09), 1700000000_000000000+number*100_000+uint64(r.IntN(1000)))
		out = binary.AppendUvarint(append(out, 0x12), uint64(len(record)))
		out = append(out, record...)
	}
	return out[:size]
}

// prose has few long repetitions.
func prose(size int) []byte {
	r, words := newRandom(1), []string(nil)
	for range 2000 {
		word := make([]byte, 2+r.IntN(9))
		for i := range word {
			word[i] = "etaoinshrdlucmfwypvbgkjqxz"[min(r.IntN(26), r.IntN(26))]
		}
		words = append(words, string(word))
	}
	return lines(func(r *rand.Rand, _ int) string { return words[min(r.IntN(2000), r.IntN(2000))] + " " })(size)
}

// base64Text has nothing to repeat, but fewer than 256 bytes.
func base64Text(size int) []byte {
	out := randomBytes(size)
	for i, b := range out {
		out[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[b&63]
	}
	return out
}

// shortRepetitions is so full of short matches that a block ends before its size.
func shortRepetitions(size int) []byte {
	var words [64][]byte
	r := newRandom(1)
	for i := range words {
		words[i] = randomBytesOf(r, 6+i%3)
	}
	return lines(func(r *rand.Rand, _ int) string { return string(words[r.IntN(64)]) })(size)
}

func randomBytes(size int) []byte { return randomBytesOf(newRandom(1), size) }

func randomBytesOf(r *rand.Rand, size int) []byte {
	out := make([]byte, 0, size+8)
	for len(out) < size {
		out = binary.LittleEndian.AppendUint64(out, r.Uint64())
	}
	return out[:size]
}

// patchwork is made of pieces: of what stood before, of single bytes, and of random ones, in all sizes. Matches of every
// length and distance come up, those beyond the window, too.
func patchwork(seed uint64, size int) []byte {
	r := newRandom(seed)
	// Up to so many bits of a length, and of a distance.
	lengths, distances := 1+r.IntN(15), 1+r.IntN(19)
	out := make([]byte, 0, size)
	for len(out) < size {
		length := min(1+r.IntN(1<<(1+r.IntN(lengths))), size-len(out))
		switch from := len(out) - 1 - r.IntN(1<<(1+r.IntN(distances))); {
		case from >= 0 && r.IntN(8) > 0:
			for range length {
				out = append(out, out[from])
				from++
			}
		case r.IntN(4) == 0:
			out = append(out, bytes.Repeat([]byte{byte(r.Uint32())}, length)...)
		default:
			out = append(out, randomBytesOf(r, min(length, 1+r.IntN(40)))...)
		}
	}
	return slices.Clip(out)
}
