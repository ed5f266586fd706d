// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tributary-otel/tributary/tests/testkit"
)

// authority signs certificates.
type authority struct {
	t    testing.TB
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
}

func newAuthority(t testing.TB, name string) *authority {
	a := &authority{t: t}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
	pair := a.issue(template)
	a.key, a.cert = pair.PrivateKey.(*ecdsa.PrivateKey), pair.Leaf
	return a
}

// issue signs a certificate; the first one of an authority is its own.
func (a *authority) issue(template *x509.Certificate) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	require.NoError(a.t, err)
	leaf, err := x509.ParseCertificate(der)
	require.NoError(a.t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// forLoopback is a certificate for the address that backends have here.
func (a *authority) forLoopback() tls.Certificate {
	return a.issue(&x509.Certificate{NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}})
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// certificates puts certificates before the backend that must not be trusted, and then replaces the authority. Nothing is
// restarted.
func certificates(r *rig) {
	old, renewed := newAuthority(r.t, "old"), newAuthority(r.t, "renewed")
	file := filepath.Join(r.t.TempDir(), "ca.pem")
	write := func(content []byte) { require.NoError(r.t, os.WriteFile(file, content, 0o600)) }
	write(old.pem())
	p := r.proxy()
	p.present(old.forLoopback())
	r.reach("https://" + p.address)
	_, variable := r.backend.config()
	r.collector.Set(strings.Replace(variable, "_URL", "_CA_FILE", 1) + "=" + file)
	r.busyNode(2)
	r.start()
	r.arrived()

	// refused waits until the collector has turned away from what it is shown, and makes sure that it sent nothing there.
	refused := func(certificate tls.Certificate) {
		p.present(certificate)
		more := func() {
			before := p.seen().refused
			testkit.Eventually(r.t, patience, "the collector to refuse the certificate", func() bool { return p.seen().refused > before })
		}
		more() // What was on its way before has come.
		asked, _ := r.gate.seen()
		more()
		if after, _ := r.gate.seen(); after != asked {
			r.t.Errorf("%d requests came through a connection that must not be trusted", after-asked)
		}
	}
	for _, wrong := range []struct {
		name     string
		template x509.Certificate
	}{
		{"expired", x509.Certificate{NotAfter: time.Now().Add(-time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}},
		{"of another name", x509.Certificate{NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"elsewhere.example"}}},
	} {
		r.event("the certificate is %s", wrong.name)
		refused(old.issue(&wrong.template))
		r.recovers("the certificate is right", func() { p.present(old.forLoopback()) })
	}

	r.event("the authority is another one")
	refused(renewed.forLoopback())
	content := renewed.pem()
	r.event("half of its certificate is in the file")
	write(content[:len(content)/2])
	refused(renewed.forLoopback())
	r.recovers("all of it is in the file", func() { write(content) })
	// What was on its way when connections were reset may have been stored.
	r.again = p.seen().opened * requestBytes
	r.settle()
}
