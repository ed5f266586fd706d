// SPDX-License-Identifier: Apache-2.0

package lokifake

import "time"

// Sizes of the defaults.
const (
	kibibyte = 1 << 10
	mebibyte = 1 << 20
)

// Options says what kind of Loki to be. The zero value is a server for a single
// tenant with the limits of an untouched configuration.
type Options struct {
	// MultiTenant takes the tenant from the X-Scope-OrgID header and refuses
	// requests without one. Otherwise the header is ignored and every request
	// belongs to SingleTenant.
	MultiTenant bool
	// Limits are the limits of every tenant.
	Limits Limits
	// Now is the clock that ages and rates are measured with (default:
	// time.Now).
	Now func() time.Time
}

// Limits are the limits of a tenant. A zero field has the default of Loki, a
// negative one lifts the limit.
type Limits struct {
	// LineBytes is the length of a line (default: 256 KiB).
	LineBytes int
	// LabelNames is the number of labels of a stream, service_name not counted
	// (default: 15).
	LabelNames int
	// LabelNameBytes is the length of a label's name (default: 1024).
	LabelNameBytes int
	// LabelValueBytes is the length of a label's value (default: 2048).
	LabelValueBytes int
	// MetadataBytes is the sum of the lengths of the names and values of an
	// entry's structured metadata (default: 64 KiB).
	MetadataBytes int
	// MetadataPairs is the number of pairs of an entry's structured metadata
	// (default: 128).
	MetadataPairs int
	// MaxAge is how old an entry may be (default: 7 days).
	MaxAge time.Duration
	// MaxAhead is how far in the future an entry may be (default: 10 minutes).
	MaxAhead time.Duration
	// MaxBehind is how far an entry may be behind the newest one of its stream
	// (default: 1 hour).
	MaxBehind time.Duration
	// BodyBytes is the size of a request as it is on the wire (default:
	// 100 MiB).
	BodyBytes int
	// ForwardBytes is the size of what Loki hands on to the part that stores
	// (default: 4 MiB). It is the uncompressed request plus what Loki adds to
	// each entry: a detected level, about 27 bytes.
	ForwardBytes int
	// RateBytes is how many bytes of lines and metadata a tenant may send per
	// second (default: 4 MiB).
	RateBytes int
	// BurstBytes is how many of them a tenant may send at once (default: 6 MiB).
	// A larger request never passes.
	BurstBytes int
	// StreamRateBytes is RateBytes for one stream (default: 3 MiB).
	StreamRateBytes int
	// StreamBurstBytes is BurstBytes for one stream (default: 15 MiB).
	StreamBurstBytes int
	// Streams is the number of streams of a tenant (default: 5000).
	Streams int
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.LineBytes, 256*kibibyte)
	setDefault(&l.LabelNames, 15)
	setDefault(&l.LabelNameBytes, 1024)
	setDefault(&l.LabelValueBytes, 2048)
	setDefault(&l.MetadataBytes, 64*kibibyte)
	setDefault(&l.MetadataPairs, 128)
	setDefault(&l.MaxAge, 7*24*time.Hour)
	setDefault(&l.MaxAhead, 10*time.Minute)
	setDefault(&l.MaxBehind, time.Hour)
	setDefault(&l.BodyBytes, 100*mebibyte)
	setDefault(&l.ForwardBytes, 4*mebibyte)
	setDefault(&l.RateBytes, 4*mebibyte)
	setDefault(&l.BurstBytes, 6*mebibyte)
	setDefault(&l.StreamRateBytes, 3*mebibyte)
	setDefault(&l.StreamBurstBytes, 15*mebibyte)
	setDefault(&l.Streams, 5000)
	return l
}

func setDefault[T int | time.Duration](limit *T, value T) {
	if *limit == 0 {
		*limit = value
	}
}

// exceeds reports whether n is over a limit that may be lifted.
func exceeds(n, limit int) bool {
	return limit >= 0 && n > limit
}
