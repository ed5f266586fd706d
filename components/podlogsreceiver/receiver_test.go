// SPDX-License-Identifier: Apache-2.0

package podlogsreceiver

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestALineCarriesTheIdentityOfItsFile(t *testing.T) {
	n := newNode(t)
	n.write(web, "3.log", cri("hello"))
	n.start()
	n.wants("hello")
	assert.Equal(t, []line{{
		container: web, restart: "3", stream: "stdout", body: "hello",
		time: time.Date(2026, 11, 20, 10, 0, 0, 123456789, time.UTC),
	}}, n.lines())
}

func TestANameThatIsNoTextIsEscaped(t *testing.T) {
	n := newNode(t)
	n.write("sh\xffop_we\xfeb_ui\xe6\x97d/ma\x80in", "0.log", cri("hello"))
	n.start()
	n.wants("hello")
	assert.Equal(t, `sh\xffop_we\xfeb_ui\xe6\x97d/ma\x80in`, n.lines()[0].container)
}

func TestLinesThatComeLaterAreRead(t *testing.T) {
	n := newNode(t)
	n.start()
	n.write(web, "0.log", cri("one"))
	n.wants("one")
	n.write(web, "0.log", cri("two"))
	n.write("shop_web-1_uid-2/main", "0.log", cri("three"))
	n.wants("one", "two", "three")
	n.write("shop_web-1_uid-2/sidecar", "0.log", cri("four"))
	n.wants("one", "two", "three", "four")
}

func TestNothingComesTwiceAfterARestart(t *testing.T) {
	n := newNode(t)
	n.write(web, "0.log", cri("one", "two"))
	n.start()
	n.wants("one", "two")
	n.restart()
	n.write(web, "0.log", cri("three"))
	n.wants("one", "two", "three")
}

func TestWhatIsNotAcceptedIsReadAgain(t *testing.T) {
	n := newNode(t)
	n.write(web, "0.log", cri("one", "two"))
	asked := make(chan struct{}, 100)
	n.failWith(func([]string) error {
		asked <- struct{}{}
		return errors.New("the backend is down")
	})
	n.start()
	<-asked
	n.stop()
	require.Empty(t, n.lines())
	n.failWith(nil)
	n.start()
	n.wants("one", "two")
}

func TestAFileThatIsRotatedInAnOutageIsReadToItsEnd(t *testing.T) {
	n := newNode(t)
	n.failWith(func([]string) error { return errors.New("the backend is down") })
	n.start()
	var want []string
	for i := range 5 {
		for j := range 100 {
			want = append(want, fmt.Sprintf("line %d of file %d", j, i))
		}
		n.write(web, "0.log", cri(want[i*100:]...))
		require.NoError(t, os.Rename(n.file(web, "0.log"), n.file(web, fmt.Sprintf("0.log.20261120-10000%d", i))))
	}
	n.failWith(nil)
	n.wants(want...)
}

func TestRefusedRecordsGoToTheDeadLetterFile(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.failWith(func(bodies []string) error {
		for _, body := range bodies {
			if body == "bad" {
				return consumererror.NewPermanent(status.Error(codes.InvalidArgument, "no bad lines"))
			}
		}
		return nil
	})
	n.write(web, "0.log", cri("one", "bad", "two"))
	n.start()
	n.wants("one", "two")
	n.write(web, "0.log", cri("three"))
	n.wants("one", "two", "three")
	require.Eventually(t, func() bool {
		raw, _ := os.ReadFile(n.config.DeadLetter.Path)
		return len(raw) > 0
	}, patience, 10*time.Millisecond)
	raw, err := os.ReadFile(n.config.DeadLetter.Path)
	require.NoError(t, err)
	assert.Contains(t, string(raw), `"line":"bad"`)
	assert.Contains(t, string(raw), `"k8s.pod.name":"web-0"`)
}
