// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	client "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// What the token of the pods is allowed to do, by the API server's own answer to whoever holds it.
func TestRights(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	s.makeNamespaces(t, objects(t, Combination{Folder: reference}))
	// A resource, with a subresource, in a group: "pods/log", "replicasets.apps".
	everything := []string{
		"pods", "pods/log", "pods/exec", "pods/ephemeralcontainers", "pods/eviction", "secrets", "configmaps", "namespaces", "nodes",
		"nodes/proxy", "nodes/stats", "nodes/metrics", "nodes/log", "events", "services", "endpoints", "serviceaccounts",
		"serviceaccounts/token", "persistentvolumes", "persistentvolumeclaims", "replicasets.apps", "deployments.apps",
		"daemonsets.apps", "statefulsets.apps", "jobs.batch", "cronjobs.batch", "leases.coordination.k8s.io",
		"clusterroles.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io",
		"customresourcedefinitions.apiextensions.k8s.io", "endpointslices.discovery.k8s.io",
	}
	verbs := []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "impersonate"}
	for _, tt := range []struct {
		name string
		Combination
		may []string
	}{
		// In this order: what is applied once stays.
		{"no-metadata", Combination{Folder: reference, Components: []string{"no-metadata"}}, nil},
		{"base", Combination{Folder: reference}, []string{"get pods", "list pods", "watch pods"}},
		{"k8s-attributes", Combination{Folder: "overlays/k8s-attributes"}, []string{"list pods", "watch pods"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s.applyAll(t, objects(t, tt.Combination))
			c := s.as(t, "tributary", "tributary")
			var may []string
			for _, resource := range everything {
				for _, verb := range verbs {
					// In every namespace.
					if can(t, c, verb, resource) {
						may = append(may, verb+" "+resource)
					}
				}
			}
			assert.Equal(t, tt.may, may)

			// And nothing that nobody has thought of.
			review, err := c.AuthorizationV1().SelfSubjectRulesReviews().Create(t.Context(),
				&authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: "tributary"}}, metav1.CreateOptions{})
			require.NoError(t, err)
			var rules []string
			for _, rule := range review.Status.ResourceRules {
				for _, resource := range rule.Resources {
					// Everybody may ask what he may.
					if strings.HasPrefix(resource, "selfsubject") {
						continue
					}
					for _, verb := range rule.Verbs {
						rules = append(rules, fmt.Sprintf("%s %s%s", verb, resource, strings.TrimRight("."+rule.APIGroups[0], ".")))
					}
				}
			}
			slices.Sort(rules)
			assert.Equal(t, tt.may, rules)
		})
	}
}

// token is one of a service account, as a kubelet would ask for it.
func (s *server) token(t *testing.T, namespace, account string) string {
	t.Helper()
	seconds := int64(time.Hour / time.Second)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	answer, err := s.Admin.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), account, request, metav1.CreateOptions{})
	require.NoError(t, err)
	return answer.Status.Token
}

// as is a client with the token of a service account.
func (s *server) as(t *testing.T, namespace, account string) client.Interface {
	t.Helper()
	admin := s.Config(t)
	c, err := client.NewForConfig(&rest.Config{
		Host: admin.Host, QPS: -1, BearerToken: s.token(t, namespace, account), TLSClientConfig: rest.TLSClientConfig{CAData: admin.CAData},
	})
	require.NoError(t, err)
	return c
}

// can asks the API server whether the holder of the token may do something in all namespaces.
func can(t *testing.T, c client.Interface, verb, resource string) bool {
	t.Helper()
	resource, group, _ := strings.Cut(resource, ".")
	resource, subresource, _ := strings.Cut(resource, "/")
	review, err := c.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: verb, Group: group, Resource: resource, Subresource: subresource,
		}},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	return review.Status.Allowed
}
