// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/tributary-otel/tributary/components/podlogsreceiver/internal/metadata"
)

// Nothing is delivered before the stop, so that no position has moved.
func TestStartAtEndSkipsNothingAtTheSecondStart(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.config.StartAt = startAtEnd
	n.write(web, "0.log", cri("old"))
	n.start()
	require.Eventually(t, func() bool { return n.receiver.tail.Gauges().Idle == 1 }, patience, 5*time.Millisecond)
	n.stop()
	n.write(web, "0.log", cri("while it was stopped"))
	n.start()
	n.wants("while it was stopped")
}

func TestStartAtEndSkipsWhatIsThereAtTheFirstStart(t *testing.T) {
	n := newNode(t)
	n.config.StartAt = startAtEnd
	n.write(web, "0.log", cri("old"))
	n.start()
	require.Eventually(t, func() bool { return n.receiver.tail.Gauges().Idle == 1 }, patience, 5*time.Millisecond)
	n.write(web, "0.log", cri("new"))
	n.write(web, "1.log", cri("after a restart of the container"))
	n.wants("new", "after a restart of the container")
	n.stop()
	n.write(web, "0.log", cri("meanwhile"))
	n.write("shop_web-1_uid-2/main", "0.log", cri("another pod"))
	n.start()
	n.wants("new", "after a restart of the container", "meanwhile", "another pod")
}

func TestOldFilesAreSkipped(t *testing.T) {
	n := newNode(t)
	n.config.MaxAge = time.Hour
	n.write(web, "0.log", cri("old"))
	old := time.Now().Add(-2 * time.Hour)
	require.NoError(t, os.Chtimes(n.file(web, "0.log"), old, old))
	n.write(web, "1.log", cri("new"))
	n.start()
	n.wants("new")
	n.write(web, "0.log", cri("it goes on"))
	n.wants("new", "it goes on")
}

func TestOnlyChosenContainersAreRead(t *testing.T) {
	t.Setenv("POD_UID", "uid-of-tributary")
	n := newNode(t)
	n.config.Include.Namespaces = []string{"shop", "tools"}
	n.config.Exclude.Containers = []string{"proxy"}
	for _, container := range []string{"shop_web-0_uid-1/main", "shop_web-0_uid-1/proxy", "bank_web-0_uid-2/main", "tools_tributary_uid-of-tributary/main"} {
		n.write(container, "0.log", cri(container))
	}
	n.start()
	n.wants("shop_web-0_uid-1/main")
	n.config.ExcludeSelf = false
	n.restart()
	n.wants("shop_web-0_uid-1/main", "tools_tributary_uid-of-tributary/main")
}

func TestShutdownTwiceAndWithoutAStart(t *testing.T) {
	n := newNode(t)
	n.start()
	require.NoError(t, n.receiver.Shutdown(t.Context()))
	n.stop()
	r, err := newReceiver(receivertest.NewNopSettings(metadata.Type), createDefaultConfig().(*Config), consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, r.Shutdown(t.Context()))
	require.NoError(t, r.Shutdown(t.Context()))
}

func TestAFolderThatComesLater(t *testing.T) {
	n := newNode(t)
	n.config.Storage = nil
	n.config.Path += "/later"
	n.start()
	require.Eventually(t, func() bool { return n.receiver.trouble.Of("missing_folder") == 1 }, patience, 5*time.Millisecond)
	assert.Len(t, n.logs.FilterMessageSnippet("it has to be mounted").All(), 1)
}

// A pipeline that never answers does not keep the collector from ending.
func TestAShutdownDoesNotWaitForEver(t *testing.T) {
	n := newNode(t)
	asked, release := make(chan struct{}, 100), make(chan struct{})
	n.failWith(func([]string) error {
		asked <- struct{}{}
		<-release
		return errors.New("too late")
	})
	n.write(web, "0.log", cri("one"))
	n.start()
	<-asked
	n.stop()
	close(release)
	n.failWith(nil)
	n.start()
	n.wants("one")
}

func TestAPlaceThatCannotBeWrittenDoesNotStopIt(t *testing.T) {
	n := newNode(t)
	blocked := n.state + "/file"
	require.NoError(t, os.WriteFile(blocked, nil, 0o600))
	n.config.Spill.Directory, n.config.DeadLetter.Path = blocked+"/spill", blocked+"/dead.jsonl"
	n.write(web, "0.log", cri("one"))
	n.start()
	n.wants("one")
}

func TestTheFactoryMakesTheReceiver(t *testing.T) {
	f := NewFactory()
	r, err := f.CreateLogs(context.Background(), receivertest.NewNopSettings(f.Type()), f.CreateDefaultConfig(), consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorContains(t, func() error {
		config := f.CreateDefaultConfig().(*Config)
		config.Storage = newNode(t).config.Storage
		r, err := f.CreateLogs(context.Background(), receivertest.NewNopSettings(f.Type()), config, consumertest.NewNop())
		require.NoError(t, err)
		return r.Start(t.Context(), componenttest.NewNopHost())
	}(), "not a storage extension")
	require.NoError(t, r.Shutdown(t.Context()))
}
