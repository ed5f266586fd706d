// SPDX-License-Identifier: Apache-2.0

package labelkeepprocessor

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/processor/processortest"

	"github.com/tributary-otel/tributary/components/labelkeepprocessor/internal/metadata"
)

// What holds for every list and every batch.
func TestProperties(t *testing.T) {
	rounds := 3000
	if testing.Short() {
		rounds = 300
	}
	settings := processortest.NewNopSettings(metadata.Type)
	seed := 0
	defer func() {
		if t.Failed() {
			t.Logf("found with seed %d", seed)
		}
	}()
	for ; seed < rounds; seed++ {
		random := rand.New(rand.NewPCG(uint64(seed), 1))
		list := someNames(random, 1+random.IntN(6))
		before := someLogs(random)
		for _, others := range []string{OthersDrop, OthersDemote} {
			once, twice := plog.NewLogs(), plog.NewLogs()
			before.CopyTo(once)
			sink := new(consumertest.LogsSink)
			p, err := NewFactory().CreateLogs(t.Context(), settings, &Config{Values: list, Others: others}, sink)
			require.NoError(t, err)
			require.NoError(t, p.ConsumeLogs(t.Context(), once))
			sink.AllLogs()[0].CopyTo(twice)
			require.NoError(t, p.ConsumeLogs(t.Context(), twice))
			after, again := sink.AllLogs()[0], sink.AllLogs()[1]

			require.Equal(t, bytesOf(t, after), bytesOf(t, again), "%s: a second time changes nothing", others)
			require.Equal(t, before.LogRecordCount(), after.LogRecordCount())
			require.Equal(t, before.ResourceLogs().Len(), after.ResourceLogs().Len())
			for i, resource := range before.ResourceLogs().All() {
				checkResource(t, list, others, resource, after.ResourceLogs().At(i))
			}
		}
	}
}

func checkResource(t *testing.T, list []string, others string, before, after plog.ResourceLogs) {
	was, is := before.Resource().Attributes(), after.Resource().Attributes()
	if others == OthersDemote && !hasRecords(before) {
		require.Equal(t, was.AsRaw(), is.AsRaw())
		return
	}
	tenant := ""
	if hint, ok := was.Get("loki.tenant"); ok && hint.Type() == pcommon.ValueTypeStr {
		tenant = hint.Str()
	}
	for name, value := range was.All() {
		listed := slices.ContainsFunc(list, func(l string) bool { return means(l, name) })
		stays := name != "" && (listed || name == tenant)
		kept, ok := is.Get(name)
		require.Equal(t, stays, ok, "list %q, attribute %q", list, name)
		if ok {
			require.True(t, value.Equal(kept), "attribute %q", name)
		}
		require.False(t, strings.HasPrefix(name, "__") && !ok, "routing data %q is gone", name)
	}
	for name := range is.All() {
		_, ok := was.Get(name)
		require.True(t, ok, "attribute %q is new", name)
	}
	for i, scope := range before.ScopeLogs().All() {
		for j, record := range scope.LogRecords().All() {
			now := after.ScopeLogs().At(i).LogRecords().At(j)
			if others == OthersDrop {
				require.Equal(t, record, now)
				continue
			}
			require.Equal(t, together(was, record.Attributes()), together(is, now.Attributes()),
				"record and resource together say what they said before")
		}
	}
}

// together returns what a backend without resources sees: the record's attributes win.
func together(resource, record pcommon.Map) map[string]any {
	all := resource.AsRaw()
	for name, value := range record.AsRaw() {
		all[name] = value
	}
	// What has no name is the one thing that is not moved. A record keeps its own.
	if _, ok := record.Get(""); !ok {
		delete(all, "")
	}
	return all
}

// bytesOf makes an empty map and none at all the same.
func bytesOf(t *testing.T, logs plog.Logs) []byte {
	b, err := (&plog.ProtoMarshaler{}).MarshalLogs(logs)
	require.NoError(t, err)
	return b
}

func someLogs(random *rand.Rand) plog.Logs {
	logs := plog.NewLogs()
	for range random.IntN(4) {
		resource := logs.ResourceLogs().AppendEmpty()
		someAttributes(random, resource.Resource().Attributes())
		for range random.IntN(3) {
			scope := resource.ScopeLogs().AppendEmpty()
			for range random.IntN(3) {
				record := scope.LogRecords().AppendEmpty()
				record.Body().SetStr("line")
				someAttributes(random, record.Attributes())
			}
		}
	}
	return logs
}

func someAttributes(random *rand.Rand, into pcommon.Map) {
	for _, name := range someNames(random, random.IntN(8)) {
		value := into.PutEmpty(name)
		switch random.IntN(4) {
		case 0:
			value.SetInt(random.Int64())
		case 1:
			value.SetEmptySlice().AppendEmpty().SetBool(true)
		default:
			// A hint that points at another attribute, by chance.
			value.SetStr(someNames(random, 1)[0])
		}
	}
	if random.IntN(4) == 0 {
		into.PutStr("", "without a name")
	}
}

// someNames draws from real names, in both spellings, and from names made of what is special.
func someNames(random *rand.Rand, n int) []string {
	known := []string{
		"service.name", "service_name", "service-name", "namespace", "k8s.namespace.name", "k8s_namespace_name", "pod",
		"k8s.pod.name", "job", "host.name", "__tenant_id__", "__x", "loki.tenant", "loki.format", "loki.x", "2x", "key_2x",
	}
	parts := []string{"a", "B", "1", ".", "-", "_", "__", "日", "\xff", "key_"}
	names := make([]string, n)
	for i := range names {
		if random.IntN(2) == 0 {
			names[i] = known[random.IntN(len(known))]
			continue
		}
		for range 1 + random.IntN(4) {
			names[i] += parts[random.IntN(len(parts))]
		}
	}
	return names
}
