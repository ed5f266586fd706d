// SPDX-License-Identifier: Apache-2.0

package severityprocessor

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/pdata/plog"
)

// mix is what the containers of a node write: JSON, logfmt, klog, text, and lines with nothing to find.
var mix = []string{
	`{"level":"info","ts":1795168800.123,"caller":"server/main.go:42","msg":"request done","status":200,"took_ms":12.5}`,
	`{"time":"2026-11-20T10:00:00.123456Z","level":"ERROR","msg":"cannot reach the database","err":"dial tcp 10.0.0.7:5432: connect: connection refused"}`,
	`{"@timestamp":"2026-11-20T10:00:00.123Z","ecs":{"version":"8.11.0"},"message":"Unable to connect","log":{"level":"WARN","logger":"elasticsearch-service"}}`,
	`{"name":"billing","hostname":"bill-0","pid":9,"level":30,"msg":"card charged","time":"2026-11-20T10:00:00.123Z","v":0}`,
	`{"user":"u-4711","path":"/api/v1/items","roles":["admin","ops"],"cart":{"items":3,"total":12.5},"message":"an object without a level, and long enough that its end is out of sight","trace":"0af7651916cd43dd8448eb211c80319c","span":"b7ad6b7169203331","more":"and more"}`,
	`time="2026-11-20T10:00:00.123456789Z" level=info msg="PullImage \"nginx:latest\" returns image reference" id=8b1c7d9f`,
	`ts=2026-11-20T10:00:00.123Z caller=main.go:1024 level=warn component=tsdb msg="compaction took long" took=1m12s`,
	`logger=context userId=1 orgId=1 uname=admin t=2026-11-20T10:00:00.123456789Z level=info msg="Request Completed" method=GET status=200`,
	`I1120 10:00:00.123456       1 controller.go:123] "Reconciled" controller="pod" namespace="shop" name="web-0"`,
	`E1120 10:00:00.123456       1 leaderelection.go:332] error retrieving resource lock kube-system/scheduler`,
	`2026-11-20 10:00:00,123 [http-nio-8080-exec-1] INFO  com.acme.shop.CartController - 3 items in cart 4711`,
	`2026-11-20T10:00:00.123Z  WARN 1 --- [           main] c.e.shop.ShopApplication                 : slow start`,
	`2026/11/20 10:00:00 [error] 29#29: *1 open() "/usr/share/nginx/html/favicon.ico" failed (2: No such file or directory)`,
	`[2026-11-20 10:00:00.123][18][warning][config] [./source/extensions/config_subscription/grpc/grpc_stream.h:152] closed`,
	`2026-11-20 10:00:00.123 UTC [77] ERROR:  relation "info" does not exist at character 15`,
	"2026-11-20T10:00:00.123456Z\tinfo\tca\tcertificate rotated",
	`1:M 20 Nov 2026 10:00:00.123 * 100 changes in 300 seconds. Saving...`,
	`10.0.0.1 - - [20/Nov/2026:10:00:00 +0000] "GET /api/v1/items HTTP/1.1" 200 153 "-" "kube-probe/1.31"`,
	`Listening on port 8080, 0 errors so far`,
	`    at com.acme.shop.CartController.add(CartController.java:117)`,
}

func BenchmarkDetect(b *testing.B) {
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		detect(mix[i], defaultMaxBytes)
		if i++; i == len(mix) {
			i = 0
		}
	}
}

// BenchmarkProcessor measures what a record costs in the processor: the attributes that receivers set, the
// body, the result, and its share of the counters.
func BenchmarkProcessor(b *testing.B) {
	p, err := newSeverityProcessor(componenttest.NewNopTelemetrySettings(), createDefaultConfig().(*Config))
	require.NoError(b, err)
	logs := plog.NewLogs()
	records := logs.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	for range 50 {
		for _, line := range mix {
			record := records.AppendEmpty()
			record.Body().SetStr(line)
			record.Attributes().PutStr("log.iostream", "stdout")
			record.Attributes().PutStr("log.file.name", "0.log")
		}
	}
	b.ReportAllocs()
	batches := 0
	for b.Loop() {
		for _, record := range records.All() {
			record.SetSeverityNumber(plog.SeverityNumberUnspecified)
			record.SetSeverityText("")
		}
		_, err = p.processLogs(b.Context(), logs)
		batches++
	}
	require.NoError(b, err)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(batches*records.Len()), "ns/record")
}
