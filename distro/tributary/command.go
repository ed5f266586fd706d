// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"os"
	"os/signal"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"go.opentelemetry.io/collector/featuregate"
	"go.opentelemetry.io/collector/otelcol"

	"github.com/tributary-otel/tributary/distro/internal/configcheck"
	"github.com/tributary-otel/tributary/distro/internal/residency"
	"github.com/tributary-otel/tributary/distro/internal/timerslack"
)

// revision is the commit that was built; the Makefile sets it.
var revision string

// newCommand returns the command of the Collector with Tributary's defaults and the check of its configuration built in.
// The generated main calls it in place of otelcol.NewCommand.
func newCommand(set otelcol.CollectorSettings) *cobra.Command {
	if err := setDefaults(featuregate.GlobalRegistry()); err != nil {
		panic("BUG: a gate that the distribution relies on is gone: " + err.Error())
	}
	set.Factories = profileOnDemand(set.Factories)
	checker := configcheck.New(set.Factories)
	checker.Install(&set)

	set.LoggingOptions = append(set.LoggingOptions, zap.WrapCore(nameOnce), zap.WrapCore(sayMemoryLimit()))
	var processors processors
	processors.install(&set)

	root := otelcol.NewCommand(set)
	if revision != "" {
		root.Version += " (" + revision + ")"
	}
	root.AddCommand(newOwnCommand())
	given := 0
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		run := cmd.RunE
		if run == nil || cmd.Flags().Lookup("config") == nil {
			continue
		}
		// Each --config and each --set is one location to read.
		for _, name := range []string{"config", "set"} {
			flag := cmd.Flags().Lookup(name)
			flag.Value = countingValue{Value: flag.Value, count: &given}
		}
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if given > 0 {
				checker.Sources(given)
			}
			// print-config, which upstream lets show the password in a URL.
			if flag := cmd.Flags().Lookup("mode"); flag != nil && flag.Value.String() == "redacted" {
				out := cmd.OutOrStdout()
				var printed strings.Builder
				cmd.SetOut(&printed)
				defer func() { _, _ = io.WriteString(out, checker.Redact(printed.String())) }()
			}
			// print-config --validate=false.
			if flag := cmd.Flags().Lookup("validate"); flag != nil && flag.Value.String() == "false" {
				checker.Off()
			}
			defer residency.Keep()()
			if cmd == root {
				// An error is nothing that a user could do something about: it costs some CPU time.
				_ = timerslack.Relax()
				defer processors.run()()
				defer heedMemoryLimit()()
				defer outliveHangups()()
			}
			err := run(cmd, args)
			for checker.GoBack(err) {
				err = run(cmd, args)
			}
			return checker.Explain(err)
		}
	}
	return root
}

// outliveHangups keeps SIGHUP from ending the process while the Collector does not listen to it: before it is ready, and
// between two runs. It returns what undoes that.
func outliveHangups() func() {
	nobody := make(chan os.Signal, 1)
	signal.Notify(nobody, otelcol.SIGHUP)
	return func() { signal.Stop(nobody) }
}

// countingValue counts how often a flag is given.
type countingValue struct {
	pflag.Value
	count *int
}

func (v countingValue) Set(text string) error {
	*v.count++
	return v.Value.Set(text)
}
