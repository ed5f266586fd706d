// SPDX-License-Identifier: Apache-2.0

package resourcedetectionprocessor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// newDocker returns the detector `docker`: the machine and the container, as the Docker daemon describes them.
func newDocker(s settings) (detect, error) {
	section := s.sections.Docker
	client, base, err := dockerClient()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, _ *http.Client) (finding, error) {
		found := section.ResourceAttributes.facts()
		if found.wanted.anyEnabled("os.type", "host.name") {
			var info struct{ Name, OSType string }
			if err := getJSON(ctx, client, base+"/info", nil, &info); err != nil {
				return s.absent("Docker", err)
			}
			found.text("os.type", osType(info.OSType))
			found.text("host.name", info.Name)
		}
		if found.wanted.anyEnabled("container.name", "container.image.name") {
			// Docker names the machine within a container after the container.
			id, err := os.Hostname()
			if err != nil {
				return s.absent("Docker", err)
			}
			var container struct{ Name, Image string }
			if err := getJSON(ctx, client, base+"/containers/"+url.PathEscape(id)+"/json", nil, &container); err != nil {
				return s.absent("the Docker container", err)
			}
			found.text("container.name", container.Name)
			found.text("container.image.name", container.Image)
		}
		return found.finding, nil
	}, nil
}

// dockerClient reads where the daemon is as the docker command does: DOCKER_HOST, DOCKER_CERT_PATH, DOCKER_TLS_VERIFY.
func dockerClient() (*http.Client, string, error) {
	host := os.Getenv("DOCKER_HOST")
	if host == "" {
		host = "unix:///var/run/docker.sock"
	}
	scheme, address, ok := strings.Cut(host, "://")
	if !ok {
		return nil, "", errors.New("DOCKER_HOST must be unix://<path> or tcp://<host>:<port>")
	}
	transport := &http.Transport{DisableKeepAlives: true}
	switch scheme {
	case "unix":
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", address)
		}
		return boundedClient(transport), "http://docker", nil
	case "tcp", "http", "https":
		transport.Proxy = http.ProxyFromEnvironment
		var err error
		if transport.TLSClientConfig, err = dockerTLS(); err != nil {
			return nil, "", err
		}
		if transport.TLSClientConfig != nil {
			return boundedClient(transport), "https://" + address, nil
		}
		return boundedClient(transport), "http://" + address, nil
	}
	return nil, "", fmt.Errorf("DOCKER_HOST has the scheme %q; unix and tcp can be reached", scheme)
}

// dockerTLS returns nil unless there is a folder of certificates.
func dockerTLS() (*tls.Config, error) {
	folder := os.Getenv("DOCKER_CERT_PATH")
	if folder == "" {
		return nil, nil
	}
	own, err := tls.LoadX509KeyPair(filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem"))
	if err != nil {
		return nil, fmt.Errorf("DOCKER_CERT_PATH: %w", err)
	}
	ca, err := os.ReadFile(filepath.Join(folder, "ca.pem"))
	if err != nil {
		return nil, fmt.Errorf("DOCKER_CERT_PATH: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("DOCKER_CERT_PATH: ca.pem holds no certificate")
	}
	return &tls.Config{
		Certificates:       []tls.Certificate{own},
		RootCAs:            pool,
		InsecureSkipVerify: os.Getenv("DOCKER_TLS_VERIFY") == "", // The docker command's own rule.
		MinVersion:         tls.VersionTLS12,
	}, nil
}
