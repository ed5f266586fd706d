// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// command is what the supervisor is asked to run.
type command struct {
	// Name is what the program is stopped by, and the file that it writes to; empty for one that is waited for.
	Name  string
	Args  []string
	Env   []string
	Stdin string
}

// outcome is what became of a command that was waited for.
type outcome struct {
	Code           int
	Stdout, Stderr string
}

// supervisor runs programs in the namespaces for the test, which asks it over a socket: in the file system the test and the
// node still meet.
type supervisor struct {
	logs string

	mu      sync.Mutex
	running map[string]*exec.Cmd
	ended   map[string]chan struct{}
}

// supervise serves until the end of the process.
func supervise(socket, logs string) error {
	// That of the node before, if this is the same disk again.
	if err := os.Remove(socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	s := &supervisor{logs: logs, running: map[string]*exec.Cmd{}, ended: map[string]chan struct{}{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /exec", s.exec)
	mux.HandleFunc("POST /start", s.start)
	mux.HandleFunc("POST /stop", s.stop)
	mux.HandleFunc("POST /dial", s.dial)
	return http.Serve(listener, mux)
}

// exec runs a program and answers with what became of it. It is killed when the test does not wait any more.
func (*supervisor) exec(w http.ResponseWriter, r *http.Request) {
	c, ok := read(w, r)
	if !ok {
		return
	}
	var stdout, stderr bytes.Buffer
	program := exec.CommandContext(r.Context(), c.Args[0], c.Args[1:]...)
	program.Env = append(os.Environ(), c.Env...)
	program.Stdin = bytes.NewBufferString(c.Stdin)
	program.Stdout, program.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := program.Run(); err != nil && !errors.As(err, &exit) {
		refuse(w, err)
		return
	}
	_ = json.NewEncoder(w).Encode(outcome{Code: program.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()})
}

// start starts a program that goes on, and adds what it writes to its file.
func (s *supervisor) start(w http.ResponseWriter, r *http.Request) {
	c, ok := read(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[c.Name] != nil {
		refuse(w, fmt.Errorf("%s runs already", c.Name))
		return
	}
	log, err := os.OpenFile(filepath.Join(s.logs, c.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		refuse(w, err)
		return
	}
	defer func() { _ = log.Close() }()
	program := exec.Command(c.Args[0], c.Args[1:]...)
	program.Env = append(os.Environ(), c.Env...)
	program.Stdout, program.Stderr = log, log
	if err := program.Start(); err != nil {
		refuse(w, err)
		return
	}
	ended := make(chan struct{})
	s.running[c.Name], s.ended[c.Name] = program, ended
	go func() {
		_ = program.Wait()
		s.mu.Lock()
		delete(s.running, c.Name)
		s.mu.Unlock()
		close(ended)
	}()
}

// patience is how long a program may take to end before it is killed.
const patience = 10 * time.Second

// stop ends a program as an operator would, and answers when it has ended.
func (s *supervisor) stop(w http.ResponseWriter, r *http.Request) {
	c, ok := read(w, r)
	if !ok {
		return
	}
	s.mu.Lock()
	program, ended := s.running[c.Name], s.ended[c.Name]
	s.mu.Unlock()
	if program == nil {
		refuse(w, fmt.Errorf("%s does not run", c.Name))
		return
	}
	if err := program.Process.Signal(syscall.SIGTERM); err != nil {
		refuse(w, err)
		return
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		_ = program.Process.Kill()
		<-ended
	}
}

// dial connects to an address, and hands what is sent from one side to the other.
func (*supervisor) dial(w http.ResponseWriter, r *http.Request) {
	var dialer net.Dialer
	server, err := dialer.DialContext(r.Context(), "tcp", r.URL.Query().Get("address"))
	if err != nil {
		refuse(w, err)
		return
	}
	defer func() { _ = server.Close() }()
	client, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		refuse(w, err)
		return
	}
	defer func() { _ = client.Close() }()
	if _, err := io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n"); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(server, buffer)
		_ = server.(*net.TCPConn).CloseWrite()
	}()
	_, _ = io.Copy(client, server)
}

// read reads the command of a request.
func read(w http.ResponseWriter, r *http.Request) (c command, ok bool) {
	if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
		refuse(w, err)
		return c, false
	}
	return c, true
}

func refuse(w http.ResponseWriter, err error) {
	http.Error(w, err.Error(), http.StatusInternalServerError)
}
