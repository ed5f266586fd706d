// SPDX-License-Identifier: Apache-2.0

package alerts

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/stretchr/testify/assert"
)

// Series are in the notation of Prometheus' tests, with a sample a minute: `1 0x20` is a 1 and then 21 zeros, `_x5` are six
// that are missing, and `0+2x3` is 0, 2, 4, 6.
var cases = []struct {
	alert string
	// fires are sets of series each of which fires this alert and no other one; silent is one that fires none.
	fires  []string
	silent string
}{
	{
		alert:  "TributaryDown",
		fires:  []string{`up{job="monitoring/tributary"} 1 0x20`},
		silent: `up{job="tributary"} 1 0x3 1x20` + "\n" + `up{job="node"} 0x20`,
	},
	{
		alert:  "TributaryRestarts",
		fires:  []string{`otelcol_process_uptime 0+60x5 0+60x5 0+60x5 0+60x5`},
		silent: `otelcol_process_uptime 0+60x5 0+60x5 0+60x20`,
	},
	{
		alert: "TributaryDeliversNothing",
		fires: []string{
			"otelcol_receiver_pod_logs_in_flight_log_records 9x30\notelcol_receiver_pod_logs_delivered_log_records 0+5x9 50x20\notelcol_receiver_pod_logs_dead_lettered_log_records 0x30",
			"otelcol_receiver_journald_in_flight_log_records 9x30\notelcol_receiver_journald_delivered_log_records 0x30\notelcol_receiver_journald_dead_lettered_log_records 0x30",
			`otelcol_exporter_queue_size{data_type="logs",exporter="queue"} 9x30`,
			`otelcol_exporter_queue_size{data_type="logs",exporter="queue/b"} 9x30` + "\n" + `otelcol_exporter_sent_log_records{exporter="queue/b"} 7x30`,
		},
		silent: "otelcol_receiver_pod_logs_in_flight_log_records 9x30\notelcol_receiver_pod_logs_delivered_log_records 0+5x30\n" +
			"otelcol_receiver_journald_in_flight_log_records 0x9 9x3 0x9\notelcol_receiver_journald_delivered_log_records 0x30\n" +
			`otelcol_exporter_queue_size{data_type="logs",exporter="queue"} 9x30` + "\n" + `otelcol_exporter_sent_log_records{exporter="queue"} 0+1x30`,
	},
	{
		alert: "TributaryBackendFails",
		fires: []string{
			`otelcol_receiver_pod_logs_failed_sends{verdict="misconfigured"} 0+1x20`,
			`otelcol_receiver_journald_failed_sends{verdict="transient"} 0+1x20`,
			`otelcol_exporter_loki_waiting_requests{status="503"} 1 0 1 0 1 0 1 0 1 0 1` + "\n" +
				`otelcol_exporter_loki_waiting_requests{status="429"} 0 1 0 1 0 1 0 1 0 1 0`,
		},
		silent: `otelcol_receiver_pod_logs_failed_sends{verdict="refused"} 0+1x20` + "\n" +
			`otelcol_receiver_pod_logs_failed_sends{verdict="transient"} 0 1x20` + "\n" +
			`otelcol_exporter_loki_waiting_requests{status="503"} 0x5 1x3 0x5`,
	},
	{
		alert: "TributaryLags",
		fires: []string{
			`otelcol_receiver_pod_logs_lag_duration{receiver="pod_logs"} 0+60x20`,
			`otelcol_receiver_journald_lag_duration{receiver="journald"} 301x20`,
		},
		silent: `otelcol_receiver_pod_logs_lag_duration 300x20` + "\n" + `otelcol_receiver_journald_lag_duration 900x3 0x20`,
	},
	{
		alert:  "TributaryLimitPauses",
		fires:  []string{`otelcol_receiver_pod_logs_paused_duration 0+60x20`},
		silent: `otelcol_receiver_pod_logs_paused_duration 0+60x5 0x2 0+60x5`,
	},
	{
		alert: "TributaryQueueFills",
		fires: []string{`otelcol_exporter_queue_size{data_type="logs",exporter="queue"} 9x20` + "\n" +
			`otelcol_exporter_queue_capacity{data_type="logs",exporter="queue"} 10x20` + "\n" + `otelcol_exporter_sent_log_records{exporter="queue"} 0+1x20`},
		silent: `otelcol_exporter_queue_size{data_type="logs",exporter="queue"} 7x20` + "\n" +
			`otelcol_exporter_queue_capacity{data_type="logs",exporter="queue"} 10x20` + "\n" + `otelcol_exporter_sent_log_records{exporter="queue"} 0+1x20`,
	},
	{
		alert:  "TributaryBytesAtRisk",
		fires:  []string{`otelcol_receiver_pod_logs_at_risk_bytes 1x20`},
		silent: `otelcol_receiver_pod_logs_at_risk_bytes 0x5 1x3 0x20`,
	},
	{
		alert:  "TributarySpills",
		fires:  []string{`otelcol_receiver_pod_logs_spilled_bytes 1x20`},
		silent: `otelcol_receiver_pod_logs_spilled_bytes 0 1x13 0x20`,
	},
	{
		alert: "TributaryDeadLetters",
		fires: []string{
			`otelcol_receiver_pod_logs_dead_lettered_log_records 0x5 1x20`,
			`otelcol_receiver_journald_dead_lettered_log_records 0x5 1x20`,
			`otelcol_exporter_loki_refused_log_records{reason="stream_limit"} _x5 3x20`,
			`otelcol_exporter_loki_refused_log_records{reason="stream_limit"} 0x20 3x20`,
		},
		silent: `otelcol_receiver_pod_logs_dead_lettered_log_records 7x20` + "\n" + `otelcol_receiver_journald_dead_lettered_log_records 7x20`,
	},
	{
		alert: "TributaryDeadLettersUnwritten",
		fires: []string{
			`otelcol_receiver_pod_logs_dead_letter_failures 0x5 1x20`,
			`otelcol_receiver_journald_dead_letter_failures 0x5 1x20`,
			`otelcol_exporter_loki_dead_letter_failed_log_records{reason="stream_limit"} _x5 3x20`,
			`otelcol_exporter_loki_dead_letter_failed_log_records{reason="stream_limit"} 0x20 3x20`,
		},
		silent: `otelcol_receiver_pod_logs_dead_letter_failures 7x20` + "\n" + `otelcol_receiver_journald_dead_letter_failures 7x20`,
	},
	{
		alert: "TributaryPartlyRejected",
		fires: []string{
			`otelcol_exporter_otlp_http_rejected_log_records 0x5 1x20`,
			`otelcol_exporter_otlp_http_rejected_log_records _x5 3x20`,
		},
		silent: `otelcol_exporter_otlp_http_rejected_log_records 0x20`,
	},
	{
		alert: "TributaryDrops",
		fires: []string{
			"otelcol_receiver_pod_logs_dropped_log_records 0x5 1x20\n" + `otelcol_receiver_pod_logs_limited_log_records{reason="pod_limit"} 0x26`,
			`otelcol_exporter_send_failed_log_records{exporter="queue"} _x5 3x20`,
			`otelcol_exporter_send_failed_log_records{exporter="queue"} 0x20 3x20`,
		},
		silent: `otelcol_receiver_pod_logs_dropped_log_records 0x20` + "\n" + `otelcol_exporter_send_failed_log_records{exporter="otlp_http"} 0+9x20`,
	},
	{
		alert:  "TributaryLimitDrops",
		fires:  []string{limited("0x5 1x20", "0x26", "0x5 1x20"), limited("0x5 7x20", "0x5 3x20", "0x5 4x20")},
		silent: limited("9x20", "4x20", "5x20"),
	},
	{
		alert:  "TributaryJournalEntriesLost",
		fires:  []string{`otelcol_receiver_journald_lost_entries 0x5 1x20`},
		silent: `otelcol_receiver_journald_lost_entries 0x20`,
	},
	{
		alert: "TributaryFilesHarmed",
		fires: []string{
			`otelcol_receiver_pod_logs_anomalies{kind="truncated"} 0x5 1x20`,
			`otelcol_receiver_journald_anomalies{kind="damaged"} 0x5 1x20`,
		},
		silent: `otelcol_receiver_pod_logs_anomalies{kind="unfinished_line"} 0+1x20` + "\n" + `otelcol_receiver_journald_anomalies{kind="missing"} 0+1x20`,
	},
	{
		alert: "TributaryUnreadable",
		fires: []string{
			`otelcol_receiver_pod_logs_files{state="troubled"} 1x20`,
			`otelcol_receiver_journald_files{state="troubled"} 1x20`,
		},
		silent: `otelcol_receiver_pod_logs_files{state="reading"} 9x20` + "\n" + `otelcol_receiver_pod_logs_files{state="troubled"} 0 1x3 0x20` + "\n" +
			`otelcol_receiver_journald_files{state="open"} 9x20`,
	},
	{
		alert: "TributaryBalanceBroken",
		fires: []string{
			balance("pod_logs", "10x20", "9x20", "0x20", "0x20", "0x20"),
			balance("journald", "10x20", "9x20", "0x20", "", "0x20"),
		},
		silent: balance("pod_logs", "3+5x20", "0+5x20", "0x20", "2x20", "1x5 9x3 1x10") + balance("journald", "10x20", "7x20", "3x20", "", "0x20"),
	},
	{
		alert:  "TributaryStateUnsaved",
		fires:  []string{`otelcol_extension_checkpoint_storage_unsaved 1x20`},
		silent: `otelcol_extension_checkpoint_storage_unsaved 0 1x3 0x20`,
	},
	{
		alert:  "TributaryStateLost",
		fires:  []string{`otelcol_extension_checkpoint_storage_empty_starts _x5 1x20`, `otelcol_extension_checkpoint_storage_empty_starts 0x20 1x5`},
		silent: `otelcol_extension_checkpoint_storage_damaged_snapshots 0x20 1x5`,
	},
}

// balance are the counts of a receiver. One that delivers keeps other alerts silent.
func balance(receiver, read, delivered, deadLettered, dropped, inFlight string) string {
	var series strings.Builder
	for name, values := range map[string]string{
		"read": read, "delivered": delivered, "dead_lettered": deadLettered, "dropped": dropped, "in_flight": inFlight,
	} {
		if values != "" {
			series.WriteString("otelcol_receiver_" + receiver + "_" + name + "_log_records{receiver=\"" + receiver + "\"} " + values + "\n")
		}
	}
	return series.String()
}

// limited are the counts of dropped records, in all and by limit.
func limited(dropped, pod, namespace string) string {
	return "otelcol_receiver_pod_logs_dropped_log_records " + dropped +
		"\notelcol_receiver_pod_logs_limited_log_records{reason=\"pod_limit\"} " + pod +
		"\notelcol_receiver_pod_logs_limited_log_records{reason=\"namespace_limit\"} " + namespace
}

func TestEachAlertFiresAndIsSilent(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range cases {
		tested[c.alert] = true
		t.Run(c.alert, func(t *testing.T) {
			t.Parallel()
			for _, series := range c.fires {
				assert.Equal(t, []string{c.alert}, everFiring(t, series), "with %s", series)
			}
			assert.Empty(t, everFiring(t, c.silent), "with %s", c.silent)
		})
	}
	for _, rule := range readRules(t) {
		assert.True(t, tested[rule.Alert], "%s has series of its own", rule.Alert)
	}
}

// everFiring returns the alerts that fire at any minute.
func everFiring(t *testing.T, series string) []string {
	t.Helper()
	load := "load 1m\n"
	for line := range strings.Lines(series) {
		load += "  " + strings.TrimSpace(line) + "\n"
	}
	p := newPrometheus(t, promqltest.LoadedStorage(t, load), 1)
	fired := map[string]bool{}
	var names []string
	for minute := range 45 {
		for _, name := range p.firing(time.Unix(0, 0).Add(time.Duration(minute) * time.Minute)) {
			if !fired[name] {
				fired[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}
