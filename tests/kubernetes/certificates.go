// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"
)

// validity is how long certificates hold: longer than any test, and no longer than needed.
const validity = 24 * time.Hour

// Authority is the certificate authority of one cluster. It writes what it issues into a folder.
type Authority struct {
	folder string
	cert   *x509.Certificate
	key    *ecdsa.PrivateKey
}

// NewAuthority makes an authority, and writes ca.crt.
func NewAuthority(folder string) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the key of the authority: %w", err)
	}
	a := &Authority{folder: folder, key: key}
	a.cert = &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "tests"},
		NotBefore:             time.Now().Add(-time.Minute),
		NotAfter:              time.Now().Add(validity),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make the certificate of the authority: %w", err)
	}
	return a, a.write("ca.crt", "CERTIFICATE", der)
}

// Issue writes name.crt and name.key: for a server at the given addresses, or for a client when there are none. A client
// is the user of the subject's common name in the groups of its organizations.
func (a *Authority) Issue(name string, subject pkix.Name, addresses ...net.IP) error {
	usage := x509.ExtKeyUsageClientAuth
	if len(addresses) > 0 {
		usage = x509.ExtKeyUsageServerAuth
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return fmt.Errorf("make a serial number: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the key of %s: %w", name, err)
	}
	cert := &x509.Certificate{
		SerialNumber: serial,
		Subject:      subject,
		NotBefore:    a.cert.NotBefore,
		NotAfter:     a.cert.NotAfter,
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{usage},
		IPAddresses:  addresses,
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, a.cert, &key.PublicKey, a.key)
	if err != nil {
		return fmt.Errorf("make the certificate of %s: %w", name, err)
	}
	if err := a.write(name+".crt", "CERTIFICATE", der); err != nil {
		return err
	}
	return a.writeKey(name+".key", key)
}

// Administrator issues admin.crt and admin.key, and returns how the one who may do everything asks the API server at url. The
// number of requests is not limited.
func (a *Authority) Administrator(url string) (*rest.Config, error) {
	if err := a.Issue("admin", pkix.Name{CommonName: "admin", Organization: []string{"system:masters"}}); err != nil {
		return nil, err
	}
	config := &rest.Config{Host: url, QPS: -1, Timeout: requestTimeout}
	// By the names of these files, client-go would follow their changes, and never stop.
	for file, data := range map[string]*[]byte{"ca.crt": &config.CAData, "admin.crt": &config.CertData, "admin.key": &config.KeyData} {
		var err error
		if *data, err = os.ReadFile(a.Path(file)); err != nil {
			return nil, err
		}
	}
	return config, nil
}

// SigningKey writes a key pair into one file, which signs the tokens of service accounts and verifies them.
func (a *Authority) SigningKey(name string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the key %s: %w", name, err)
	}
	return a.writeKey(name, key)
}

func (a *Authority) writeKey(file string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode %s: %w", file, err)
	}
	return a.write(file, "EC PRIVATE KEY", der)
}

func (a *Authority) write(file, kind string, der []byte) error {
	return os.WriteFile(a.Path(file), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// Path is where a file of the authority is: ca.crt, or the name given to Issue with .crt or .key, or that given to SigningKey.
func (a *Authority) Path(file string) string { return filepath.Join(a.folder, file) }
