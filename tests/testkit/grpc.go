// SPDX-License-Identifier: Apache-2.0

package testkit

import (
	"context"
	"fmt"
	"net"
	"sync"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// maxMessage is the largest message in bytes the gRPC endpoint takes. The
// default of 4 MiB would turn a large batch into a fault nobody asked for.
const maxMessage = 256 << 20

// logsService is the standard LogsService on top of a Backend.
type logsService struct {
	plogotlp.UnimplementedGRPCServer
	backend *Backend
}

func newGRPCServer(b *Backend) *grpc.Server {
	server := grpc.NewServer(
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.StatsHandler(encodingProbe{}),
		grpc.WaitForHandlers(true),
	)
	plogotlp.RegisterGRPCServer(server, &logsService{backend: b})
	return server
}

// Export implements plogotlp.GRPCServer.
func (s *logsService) Export(ctx context.Context, export plogotlp.ExportRequest) (plogotlp.ExportResponse, error) {
	b := s.backend
	records := flatten(export.Logs())
	place := b.arrived(newGRPCRequest(ctx, len(records)))

	fault := b.takeFault(protocolGRPC, records)
	if !b.hold(ctx, fault.Delay) {
		b.refuse(place)
		return plogotlp.ExportResponse{}, status.Error(codes.Unavailable, "gave up during a delay")
	}
	if fault.Disconnect {
		b.refuse(place)
		if sender, ok := peer.FromContext(ctx); ok {
			b.grpcListener.drop(sender.Addr.String())
		}
		return plogotlp.ExportResponse{}, status.Error(codes.Unavailable, "disconnected on cue of the test")
	}
	if fault.GRPCCode != codes.OK {
		b.refuse(place)
		return plogotlp.ExportResponse{}, grpcFault(fault)
	}
	kept, response := b.settle(place, records, fault)
	b.keep(kept)
	return response, nil
}

func newGRPCRequest(ctx context.Context, records int) Request {
	request := Request{Protocol: protocolGRPC, Records: records}
	request.Path, _ = grpc.Method(ctx)
	if header, ok := metadata.FromIncomingContext(ctx); ok {
		request.Header = header
	}
	if encoding, ok := ctx.Value(encodingKey{}).(*string); ok {
		request.Encoding = encodingName(*encoding)
	}
	return request
}

// grpcFault makes the error a fault answers with.
func grpcFault(fault Fault) error {
	refused := status.New(fault.GRPCCode, "failed on cue of the test")
	if fault.RetryAfter <= 0 {
		return refused.Err()
	}
	detailed, err := refused.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(fault.RetryAfter)})
	if err != nil {
		return fmt.Errorf("attach retry info: %w", err)
	}
	return detailed.Err()
}

// encodingKey is the context key of the compression of a call.
type encodingKey struct{}

// encodingProbe notes the compression of each call. The gRPC server consumes
// the header that names it, so the metadata of the call does not have it.
type encodingProbe struct{}

func (encodingProbe) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, encodingKey{}, new(string))
}

func (encodingProbe) HandleRPC(ctx context.Context, event stats.RPCStats) {
	header, ok := event.(*stats.InHeader)
	if !ok {
		return
	}
	if encoding, ok := ctx.Value(encodingKey{}).(*string); ok {
		*encoding = header.Compression
	}
}

func (encodingProbe) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (encodingProbe) HandleConn(context.Context, stats.ConnStats) {}

// trackedListener remembers its open connections by the address of the peer, so
// that the one of a call can be cut.
type trackedListener struct {
	net.Listener
	mu   sync.Mutex
	open map[string]net.Conn
}

// Accept implements net.Listener.
func (l *trackedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[conn.RemoteAddr().String()] = conn
	return &trackedConn{Conn: conn, listener: l}, nil
}

// drop closes the connection from a peer.
func (l *trackedListener) drop(peerAddr string) {
	l.mu.Lock()
	conn := l.open[peerAddr]
	l.mu.Unlock()
	if conn != nil {
		_ = conn.Close()
	}
}

// trackedConn leaves the list of its listener when it is closed.
type trackedConn struct {
	net.Conn
	listener *trackedListener
}

// Close implements net.Conn.
func (c *trackedConn) Close() error {
	c.listener.mu.Lock()
	delete(c.listener.open, c.RemoteAddr().String())
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
