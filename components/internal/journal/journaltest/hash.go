// SPDX-License-Identifier: Apache-2.0

package journaltest

import (
	"encoding/binary"
	"math/bits"
)

// jenkins is the hash lookup3 by Bob Jenkins (https://burtleburtle.net/bob/c/lookup3.c,
// hashlittle2 with both seeds 0), its first result in the high half.
func jenkins(data []byte) uint64 {
	le := binary.LittleEndian
	a := 0xdeadbeef + uint32(len(data))
	b, c := a, a
	for len(data) > 12 {
		a, b, c = a+le.Uint32(data), b+le.Uint32(data[4:]), c+le.Uint32(data[8:])
		a, b, c = jenkinsMix(a, b, c)
		data = data[12:]
	}
	if len(data) > 0 {
		var last [12]byte
		copy(last[:], data)
		a, b, c = a+le.Uint32(last[:]), b+le.Uint32(last[4:]), c+le.Uint32(last[8:])
		b, c = jenkinsEnd(a, b, c)
	}
	return uint64(c)<<32 | uint64(b)
}

func jenkinsMix(a, b, c uint32) (uint32, uint32, uint32) {
	step := func(x, y, z *uint32, n int) { *x -= *z; *x ^= bits.RotateLeft32(*z, n); *z += *y }
	step(&a, &b, &c, 4)
	step(&b, &c, &a, 6)
	step(&c, &a, &b, 8)
	step(&a, &b, &c, 16)
	step(&b, &c, &a, 19)
	step(&c, &a, &b, 4)
	return a, b, c
}

func jenkinsEnd(a, b, c uint32) (uint32, uint32) {
	step := func(x *uint32, y uint32, n int) { *x ^= y; *x -= bits.RotateLeft32(y, n) }
	step(&c, b, 14)
	step(&a, c, 11)
	step(&b, a, 25)
	step(&c, b, 16)
	step(&a, c, 4)
	step(&b, a, 14)
	step(&c, b, 24)
	return b, c
}

// sip is SipHash-2-4 (https://www.aumasson.jp/siphash/siphash.pdf).
func sip(key [16]byte, data []byte) uint64 {
	le := binary.LittleEndian
	k0, k1 := le.Uint64(key[:]), le.Uint64(key[8:])
	v0, v1 := k0^0x736f6d6570736575, k1^0x646f72616e646f6d
	v2, v3 := k0^0x6c7967656e657261, k1^0x7465646279746573
	rounds := func(n int) {
		for range n {
			v0, v2 = v0+v1, v2+v3
			v1, v3 = bits.RotateLeft64(v1, 13)^v0, bits.RotateLeft64(v3, 16)^v2
			v0 = bits.RotateLeft64(v0, 32)
			v2, v0 = v2+v1, v0+v3
			v1, v3 = bits.RotateLeft64(v1, 17)^v2, bits.RotateLeft64(v3, 21)^v0
			v2 = bits.RotateLeft64(v2, 32)
		}
	}
	length := uint64(len(data))
	for ; len(data) >= 8; data = data[8:] {
		word := le.Uint64(data)
		v3 ^= word
		rounds(2)
		v0 ^= word
	}
	var last [8]byte
	copy(last[:], data)
	word := le.Uint64(last[:]) | length<<56
	v3 ^= word
	rounds(2)
	v0 ^= word
	v2 ^= 0xff
	rounds(4)
	return v0 ^ v1 ^ v2 ^ v3
}
