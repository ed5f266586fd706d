// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// workload is what the collector has to do.
type workload string

// row is one line of the table.
type row struct {
	title    string
	workload workload
	metric   string
	// ours is the pipeline beside stock; empty means tributary.
	ours pipeline
	// times is the least ratio that the design sets, and target the bound of our own figure, 0 for none. The ratio says
	// more on another machine.
	times, target float64
	moreBetter    bool
	// pick makes one figure of those of several runs; nil is the median.
	pick func([]float64) float64
	// noStock: there is nothing to compare with.
	noStock bool
}

var rows = []row{
	{title: "backlog, 10 files, to OTLP: CPU s / M lines", workload: "backlog", metric: "CPU-s/Mline", times: 12.5, target: 1.8},
	{title: "  the least of the turns", workload: "backlog", metric: "CPU-s/Mline", pick: least},
	{title: "  the most", workload: "backlog", metric: "CPU-s/Mline", pick: most},
	{title: "  peak RSS, MB", workload: "backlog", metric: "MB-peak-rss", target: 80, pick: most},
	{title: "  the same with the start, MB", workload: "backlog", metric: "MB-highwater", pick: most},
	{title: "  of it anonymous, MB", workload: "backlog", metric: "MB-peak-anonymous", pick: most},
	{title: "  sent, MB", workload: "backlog", metric: "MB-wire"},
	{title: "  thousand lines / s of wall time", workload: "backlog", metric: "klines/s", moreBetter: true},
	{title: "the same to Loki: CPU s / M lines", workload: "backlog", metric: "CPU-s/Mline", ours: toLoki, target: 1.5, noStock: true},
	{title: "  the least of the turns", workload: "backlog", metric: "CPU-s/Mline", ours: toLoki, noStock: true, pick: least},
	{title: "  the most", workload: "backlog", metric: "CPU-s/Mline", ours: toLoki, noStock: true, pick: most},
	{title: "  peak RSS, MB", workload: "backlog", metric: "MB-peak-rss", ours: toLoki, target: 80, noStock: true, pick: most},
	{title: "  sent, MB", workload: "backlog", metric: "MB-wire", ours: toLoki, noStock: true},
	{title: "the same to a gateway, gRPC: CPU s / M lines of the node", workload: "tier", metric: "CPU-s/Mline", ours: viaGateway, noStock: true},
	{title: "  of the gateway, from there to OTLP", workload: "tier", metric: "CPU-s/Mline-tier", ours: viaGateway, noStock: true},
	{title: "  peak RSS of the node, MB", workload: "tier", metric: "MB-peak-rss", ours: viaGateway, noStock: true},
	{title: "  peak RSS of the gateway, MB", workload: "tier", metric: "MB-peak-rss-tier", ours: viaGateway, noStock: true},
	{title: "the same over HTTP: CPU s / M lines of the node", workload: "tier", metric: "CPU-s/Mline", ours: viaHTTP, noStock: true},
	{title: "  of the gateway", workload: "tier", metric: "CPU-s/Mline-tier", ours: viaHTTP, noStock: true},
	{title: "the same by load balancing: CPU s / M lines of the node", workload: "tier", metric: "CPU-s/Mline", ours: balanced, noStock: true},
	{title: "  of the gateway", workload: "tier", metric: "CPU-s/Mline-tier", ours: balanced, noStock: true},
	{title: "  split by service: CPU s / M lines of the node", workload: "tier", metric: "CPU-s/Mline", ours: byService, noStock: true},
	{title: "the same to Kafka: CPU s / M lines of the node", workload: "kafka", metric: "CPU-s/Mline", ours: toKafka, noStock: true},
	{title: "  of the consumer, from there to OTLP", workload: "kafka", metric: "CPU-s/Mline-tier", ours: toKafka, noStock: true},
	{title: "  peak RSS of the node, MB", workload: "kafka", metric: "MB-peak-rss", ours: toKafka, noStock: true},
	{title: "  peak RSS of the consumer, MB", workload: "kafka", metric: "MB-peak-rss-tier", ours: toKafka, noStock: true},
	{title: "one file: thousand lines / CPU s", workload: "one-file", metric: "klines/CPU-s", moreBetter: true},
	{title: "  thousand lines / s of wall time", workload: "one-file", metric: "klines/s", moreBetter: true},
	{title: "100 files: thousand lines / CPU s", workload: "many-files", metric: "klines/CPU-s", moreBetter: true},
	{title: "  thousand lines / s of wall time", workload: "many-files", metric: "klines/s", moreBetter: true},
	{title: "110 pods: CPU s / M lines", workload: "metadata", metric: "CPU-s/Mline", noStock: true},
	{title: "  without metadata", workload: "metadata", metric: "CPU-s/Mline", ours: pathOnly, noStock: true},
	{title: "  peak RSS, MB", workload: "metadata", metric: "MB-peak-rss", noStock: true},
	{title: "  without metadata", workload: "metadata", metric: "MB-peak-rss", ours: pathOnly, noStock: true},
	{title: "100 files, 10,000 lines/s: % of a core", workload: "steady", metric: "%core", times: 11, target: 2.5},
	{title: "  the least of the turns", workload: "steady", metric: "%core", pick: least},
	{title: "  the most", workload: "steady", metric: "%core", pick: most},
	{title: "  RSS, MB", workload: "steady", metric: "MB-rss"},
	{title: "  peak RSS, MB", workload: "steady", metric: "MB-peak-rss", target: 64, pick: most},
	{title: "  the same with the start, MB", workload: "steady", metric: "MB-highwater", pick: most},
	{title: "1,000 idle files: % of a core", workload: "idle-1000", metric: "%core", target: 0.2},
	{title: "  RSS, MB", workload: "idle-1000", metric: "MB-rss"},
	{title: "  of it anonymous, MB", workload: "idle-1000", metric: "MB-anonymous"},
	{title: "10,000 idle files: % of a core", workload: "idle-10000", metric: "%core", target: 1, noStock: true},
	{title: "  RSS, MB", workload: "idle-10000", metric: "MB-rss", noStock: true},
	{title: "  open descriptors", workload: "idle-10000", metric: "fds", noStock: true},
	{title: "100 new pods a second, each for 2 s: % of a core", workload: "churn", metric: "%core", noStock: true},
	{title: "  RSS before, MB", workload: "churn", metric: "MB-rss-before", noStock: true},
	{title: "  at most", workload: "churn", metric: "MB-rss-peak", noStock: true},
	{title: "  150 s after the last", workload: "churn", metric: "MB-rss-after", noStock: true},
	{title: "  % of that before", workload: "churn", metric: "%rss-after", target: 105, noStock: true},
	{title: "  open descriptors before", workload: "churn", metric: "fds-before", noStock: true},
	{title: "  % of them 150 s after the last", workload: "churn", metric: "%fds-after", target: 105, noStock: true},
	{title: "the same beside 100 files, 10,000 lines/s: % of a core", workload: "churn-busy", metric: "%core", noStock: true},
	{title: "  RSS before, MB", workload: "churn-busy", metric: "MB-rss-before", noStock: true},
	{title: "  at most", workload: "churn-busy", metric: "MB-rss-peak", noStock: true},
	{title: "  150 s after the last", workload: "churn-busy", metric: "MB-rss-after", noStock: true},
	{title: "  % of that before", workload: "churn-busy", metric: "%rss-after", target: 105, noStock: true},
	{title: "  open descriptors before", workload: "churn-busy", metric: "fds-before", noStock: true},
	{title: "  % of them 150 s after the last", workload: "churn-busy", metric: "%fds-after", target: 105, noStock: true},
}

// table gathers measurements. Its zero value is empty.
type table struct {
	cells map[cell][]float64
}

type cell struct {
	workload workload
	pipeline pipeline
	metric   string
}

func (t *table) add(key workload, p pipeline, metric string, value float64) {
	if t.cells == nil {
		t.cells = map[cell][]float64{}
	}
	at := cell{key, p, metric}
	t.cells[at] = append(t.cells[at], value)
}

// metrics are the medians of one workload.
func (t *table) metrics(key workload, p pipeline) map[string]float64 {
	all := map[string]float64{}
	for at, values := range t.cells {
		if at.workload == key && at.pipeline == p {
			all[at.metric] = median(values)
		}
	}
	return all
}

// get is the figure that a row shows of a pipeline.
func (t *table) get(r row, p pipeline) (value float64, ok bool) {
	values := t.cells[cell{r.workload, p, r.metric}]
	switch {
	case len(values) == 0:
		return 0, false
	case r.pick != nil:
		return r.pick(values), true
	default:
		return median(values), true
	}
}

// values are the two figures of a row.
func (t *table) values(r row) (theirs, ours float64, haveTheirs, haveOurs bool) {
	if !r.noStock {
		theirs, haveTheirs = t.get(r, stock)
	}
	ours, haveOurs = t.get(r, cmp.Or(r.ours, tributary))
	return theirs, ours, haveTheirs, haveOurs
}

// empty reports whether no row has a figure.
func (t *table) empty() bool {
	return !slices.ContainsFunc(rows, func(r row) bool {
		_, _, theirs, ours := t.values(r)
		return theirs || ours
	})
}

// complete reports whether no figure is missing.
func (t *table) complete() bool {
	return !slices.ContainsFunc(rows, func(r row) bool {
		_, _, theirs, ours := t.values(r)
		return !ours || !theirs && !r.noStock
	})
}

// String is the table as it is printed. A ratio above 1 is how many times better tributary is; "met" or "missed" is said
// of the target.
func (t *table) String() string {
	var text strings.Builder
	out := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	// Nothing can go wrong when writing to memory.
	_, _ = fmt.Fprintln(out, "workload\tstock\ttributary\tratio\ttarget\t")
	for _, r := range rows {
		theirs, ours, haveTheirs, haveOurs := t.values(r)
		ratio := "–"
		var targets []string
		better := theirs / ours
		if r.moreBetter {
			better = 1 / better
		}
		if haveTheirs && haveOurs {
			ratio = "×" + figure(better, true)
		}
		if r.times != 0 {
			targets = append(targets, "≥ ×"+figure(r.times, true)+verdict(haveTheirs && haveOurs, better >= r.times))
		}
		if r.target != 0 {
			targets = append(targets, "≤ "+figure(r.target, true)+verdict(haveOurs, ours <= r.target))
		}
		target := cmp.Or(strings.Join(targets, ", "), "–")
		_, _ = fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t\n", r.title, figure(theirs, haveTheirs), figure(ours, haveOurs), ratio, target)
	}
	_ = out.Flush()
	return text.String()
}

func verdict(have, met bool) string {
	switch {
	case !have:
		return ""
	case met:
		return " met"
	default:
		return " missed"
	}
}

// figure writes three digits or more.
func figure(value float64, have bool) string {
	switch {
	case !have:
		return "–"
	case value >= 100:
		return fmt.Sprintf("%.0f", value)
	case value >= 10:
		return fmt.Sprintf("%.1f", value)
	default:
		return fmt.Sprintf("%.2f", value)
	}
}

func least(values []float64) float64 { return slices.Min(values) }

func most(values []float64) float64 { return slices.Max(values) }

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}
