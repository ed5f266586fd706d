// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
)

// control asks the supervisor of a node. Its methods may be called from several goroutines.
type control struct {
	socket string
	client *http.Client
}

func newControl(socket string) *control {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var dialer net.Dialer
		return dialer.DialContext(ctx, "unix", socket)
	}
	return &control{socket: socket, client: &http.Client{Transport: &http.Transport{DialContext: dial}}}
}

func (c *control) close() { c.client.CloseIdleConnections() }

// ask sends a command and returns the answer to it.
func (c *control) ask(ctx context.Context, path string, what command) ([]byte, error) {
	body, err := json.Marshal(what)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://node"+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := c.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(raw)))
	}
	return raw, err
}

// exec runs a program to its end.
func (c *control) exec(ctx context.Context, stdin string, args ...string) (string, error) {
	raw, err := c.ask(ctx, "/exec", command{Args: args, Stdin: stdin})
	if err != nil {
		return "", err
	}
	var o outcome
	if err := json.Unmarshal(raw, &o); err != nil {
		return "", err
	}
	if o.Code != 0 {
		return o.Stdout, fmt.Errorf("exit code %d: %s", o.Code, strings.TrimSpace(o.Stderr))
	}
	return o.Stdout, nil
}

func (c *control) succeeds(ctx context.Context, args ...string) error {
	_, err := c.exec(ctx, "", args...)
	return err
}

// dial connects to an address from within.
func (c *control) dial(ctx context.Context, address string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", c.socket)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	buffered := bufio.NewReader(conn)
	if err := handshake(conn, buffered, address); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("dial %s from the node: %w", address, err)
	}
	return &buffer{Conn: conn, read: buffered}, nil
}

// handshake asks for the connection, and reads the answer up to where the connection begins.
func handshake(conn io.Writer, buffered *bufio.Reader, address string) error {
	request, err := http.NewRequest(http.MethodPost, "http://node/dial?address="+url.QueryEscape(address), http.NoBody)
	if err != nil {
		return err
	}
	// After a refusal there is nothing more to say.
	request.Close = true
	if err := request.Write(conn); err != nil {
		return err
	}
	answer := textproto.NewReader(buffered)
	status, err := answer.ReadLine()
	if err != nil {
		return err
	}
	if _, err := answer.ReadMIMEHeader(); err != nil {
		return err
	}
	if !strings.Contains(status, " 200 ") {
		why, _ := io.ReadAll(buffered)
		return errors.New(strings.TrimSpace(string(why)))
	}
	return nil
}

// buffer is a connection whose first bytes were read already.
type buffer struct {
	net.Conn
	read *bufio.Reader
}

func (b *buffer) Read(p []byte) (int, error) { return b.read.Read(p) }

// start starts a program of the node.
func (n *Node) start(t testing.TB, p program) {
	t.Helper()
	_, err := n.control.ask(t.Context(), "/start", command{Name: p.name, Args: p.args, Env: p.env})
	must(t, "start "+p.name, err)
}

// stop ends a program of the node, and waits for its end.
func (n *Node) stop(t testing.TB, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), stopTimeout)
	defer cancel()
	_, err := n.control.ask(ctx, "/stop", command{Name: name})
	must(t, "stop "+name, err)
}
