// SPDX-License-Identifier: Apache-2.0

package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"unicode/utf8"
)

func exported(b *bytes.Buffer, e *Entry) {
	fmt.Fprintf(b, "__CURSOR=%s\n__REALTIME_TIMESTAMP=%d\n__MONOTONIC_TIMESTAMP=%d\n", e.Cursor, e.Cursor.Realtime, e.Cursor.Monotonic)
	fmt.Fprintf(b, "_BOOT_ID=%s\n", e.Cursor.BootID)
	for _, f := range e.Fields {
		if f.Name == "_BOOT_ID" {
			continue
		}
		if utf8.ValidString(f.Value) && !bytes.ContainsFunc([]byte(f.Value), func(r rune) bool { return r < ' ' && r != '\t' }) {
			fmt.Fprintf(b, "%s=%s\n", f.Name, f.Value)
			continue
		}
		b.WriteString(f.Name + "\n")
		_ = binary.Write(b, binary.LittleEndian, uint64(len(f.Value)))
		b.WriteString(f.Value + "\n")
	}
	b.WriteByte('\n')
}

func TestTmp(t *testing.T) {
	dir := os.Getenv("JDIR")
	if dir == "" {
		t.Skip()
	}
	r, err := Open(Options{Directories: []string{dir}, Merge: true, Trouble: func(k Trouble, p string, err error) { t.Log(k, p, err) }})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	n := 0
	for {
		e, _ := r.Next()
		if e == nil {
			break
		}
		n++
		exported(&b, e)
	}
	want, _ := exec.Command("journalctl", "-D", dir, "-o", "export", "--no-pager").Output()
	t.Log(n, r.Stats(), len(want), b.Len(), bytes.Equal(want, b.Bytes()))
	if !bytes.Equal(want, b.Bytes()) {
		i := 0
		for i < min(len(want), b.Len()) && want[i] == b.Bytes()[i] {
			i++
		}
		t.Errorf("at %d:\n%q\n%q", i, want[max(0, i-200):min(len(want), i+300)], b.Bytes()[max(0, i-200):min(b.Len(), i+300)])
	}
}

func BenchmarkWalk(b *testing.B) {
	dir := os.Getenv("JDIR")
	if dir == "" {
		b.Skip()
	}
	b.ReportAllocs()
	for n := 0; n < b.N; {
		r, _ := Open(Options{Directories: []string{dir}, Merge: true})
		for ; n < b.N; n++ {
			if e, _ := r.Next(); e == nil {
				break
			}
		}
		r.Close()
	}
}
