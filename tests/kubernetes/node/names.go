// SPDX-License-Identifier: Apache-2.0

//go:build linux

package node

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	client "k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/clientcmd"
)

// clusterDomain ends the names of all Services.
const clusterDomain = ".svc.cluster.local."

// names answers for the names of Services. What it knows outlives an end of the API server.
type names struct {
	services  corelisters.ServiceLister
	endpoints discoverylisters.EndpointSliceLister
}

// serveNames serves until the end of the process.
func serveNames(kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	c, err := client.NewForConfig(config)
	if err != nil {
		return err
	}
	factory := informers.NewSharedInformerFactory(c, 0)
	n := names{services: factory.Core().V1().Services().Lister(), endpoints: factory.Discovery().V1().EndpointSlices().Lister()}
	factory.StartWithContext(context.Background())
	factory.WaitForCacheSync(nil)
	socket, err := net.ListenPacket("udp", net.JoinHostPort(Address, "53"))
	if err != nil {
		return err
	}
	question := make([]byte, 4096)
	for {
		size, from, err := socket.ReadFrom(question)
		if err != nil {
			return err
		}
		if answer, err := n.answer(question[:size]); err == nil {
			_, _ = socket.WriteTo(answer, from)
		}
	}
}

// answer answers one message: with addresses, with none if there are only others, or that there is no such name.
func (n names) answer(raw []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(raw); err != nil {
		return nil, err
	}
	if len(m.Questions) != 1 {
		return nil, fmt.Errorf("got %d questions", len(m.Questions))
	}
	question := m.Questions[0]
	found, addresses := n.lookup(strings.ToLower(question.Name.String()))
	answer := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true, RecursionDesired: m.RecursionDesired, RecursionAvailable: true},
		Questions: m.Questions,
	}
	if !found {
		answer.RCode = dnsmessage.RCodeNameError
	}
	if question.Type == dnsmessage.TypeA {
		for _, address := range addresses {
			answer.Answers = append(answer.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: 5},
				Body:   &dnsmessage.AResource{A: address},
			})
		}
	}
	return answer.Pack()
}

// lookup returns the addresses of a name: <service>.<namespace>, or <pod>.<service>.<namespace> for a Service without an
// address of its own.
func (n names) lookup(name string) (found bool, addresses [][4]byte) {
	parts := strings.Split(strings.TrimSuffix(name, clusterDomain), ".")
	if !strings.HasSuffix(name, clusterDomain) || len(parts) < 2 || len(parts) > 3 {
		return false, nil
	}
	pod, of := "", parts
	if len(parts) == 3 {
		pod, of = parts[0], parts[1:]
	}
	service, err := n.services.Services(of[1]).Get(of[0])
	if err != nil {
		return false, nil
	}
	if service.Spec.ClusterIP != corev1.ClusterIPNone {
		return pod == "", parse(service.Spec.ClusterIP)
	}
	slicesOf := labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: service.Name})
	all, err := n.endpoints.EndpointSlices(service.Namespace).List(slicesOf)
	if err != nil {
		return true, nil
	}
	for _, slice := range all {
		for _, endpoint := range slice.Endpoints {
			ready := endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
			named := pod == "" || (endpoint.Hostname != nil && *endpoint.Hostname == pod)
			if named && (ready || service.Spec.PublishNotReadyAddresses) {
				addresses = append(addresses, parse(endpoint.Addresses...)...)
			}
		}
	}
	return pod == "" || len(addresses) > 0, slices.Compact(addresses)
}

// parse leaves out what is no address of the fourth version.
func parse(texts ...string) (addresses [][4]byte) {
	for _, text := range texts {
		if ip := net.ParseIP(text).To4(); ip != nil {
			addresses = append(addresses, [4]byte(ip))
		}
	}
	return addresses
}
