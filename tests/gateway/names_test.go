// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/binary"
	"net"
	"sync"
	"testing"
)

// nameServer answers every question for an IPv4 address with the addresses that it has, to be kept for no time.
type nameServer struct {
	conn net.PacketConn
	work sync.WaitGroup

	mu        sync.Mutex
	addresses []net.IP
}

// startNames listens on a UDP address, or skips the test.
func startNames(t testing.TB, address string) *nameServer {
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Skipf("nobody can be asked for names here: %v", err)
	}
	s := &nameServer{conn: conn}
	s.work.Go(s.serve)
	t.Cleanup(func() {
		_ = conn.Close()
		s.work.Wait()
	})
	return s
}

// set says which addresses every name has from now on.
func (s *nameServer) set(addresses ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addresses = nil
	for _, address := range addresses {
		s.addresses = append(s.addresses, net.ParseIP(address).To4())
	}
}

func (s *nameServer) serve() {
	buffer := make([]byte, 1500)
	for {
		n, from, err := s.conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		s.mu.Lock()
		answer := reply(buffer[:n], s.addresses)
		s.mu.Unlock()
		_, _ = s.conn.WriteTo(answer, from)
	}
}

// reply makes an answer of a question: the header, the question again, and the addresses, if it was one of type A.
func reply(question []byte, addresses []net.IP) []byte {
	const headerBytes, flags, typeA = 12, 0x8580, 1
	end := headerBytes
	for end < len(question) && question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5 // The end of the name, its type and its class.
	if end > len(question) {
		return nil
	}
	answer := append([]byte(nil), question[:end]...)
	answers := uint16(0)
	if binary.BigEndian.Uint16(question[end-4:]) == typeA {
		for _, address := range addresses {
			answers++
			// The name of the question, type A, class IN, to be kept for no time, four bytes.
			answer = append(answer, 0xc0, headerBytes, 0, typeA, 0, 1, 0, 0, 0, 0, 0, 4)
			answer = append(answer, address...)
		}
	}
	binary.BigEndian.PutUint16(answer[2:], flags)
	binary.BigEndian.PutUint16(answer[4:], 1)
	binary.BigEndian.PutUint16(answer[6:], answers)
	binary.BigEndian.PutUint32(answer[8:], 0)
	return answer
}
