// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Account is a service account with a cluster role of its own and a file that holds its token, as a pod has it.
type Account struct {
	// TokenFile is the file of the token, which Rotate replaces.
	TokenFile string

	cluster   *Cluster
	namespace string
	name      string
}

// Reads is a rule that allows to get, list and watch resources of one API group, "" being the core.
func Reads(group string, resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{APIGroups: []string{group}, Resources: resources, Verbs: []string{"get", "list", "watch"}}
}

// NewAccount creates a service account that may do what the rules say, in all namespaces, and writes a token for it. The
// namespace must exist.
func (c *Cluster) NewAccount(t testing.TB, namespace, name string, rules ...rbacv1.PolicyRule) *Account {
	t.Helper()
	a := &Account{cluster: c, namespace: namespace, name: name, TokenFile: filepath.Join(t.TempDir(), "token")}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: name}},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
	}
	_, err := c.Admin.CoreV1().ServiceAccounts(namespace).Create(t.Context(), account, metav1.CreateOptions{})
	must(t, "create service account", name, err)
	_, err = c.Admin.RbacV1().ClusterRoles().Create(t.Context(), role, metav1.CreateOptions{})
	must(t, "create cluster role", name, err)
	_, err = c.Admin.RbacV1().ClusterRoleBindings().Create(t.Context(), binding, metav1.CreateOptions{})
	must(t, "create cluster role binding", name, err)
	a.Rotate(t)
	return a
}

// SetRules replaces what the account may do. Requests that are open stay allowed.
func (a *Account) SetRules(t testing.TB, rules ...rbacv1.PolicyRule) {
	t.Helper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: a.name}, Rules: rules}
	_, err := a.cluster.Admin.RbacV1().ClusterRoles().Update(t.Context(), role, metav1.UpdateOptions{})
	must(t, "update cluster role", a.name, err)
}

// Rotate writes a new token that holds for an hour into the file, whole at any moment, as a kubelet does. The former token
// stays valid.
func (a *Account) Rotate(t testing.TB) {
	t.Helper()
	seconds := int64(time.Hour / time.Second)
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{ExpirationSeconds: &seconds}}
	answer, err := a.cluster.Admin.CoreV1().ServiceAccounts(a.namespace).CreateToken(t.Context(), a.name, request, metav1.CreateOptions{})
	must(t, "request a token for", a.name, err)
	unfinished := a.TokenFile + ".new"
	must(t, "write", unfinished, os.WriteFile(unfinished, []byte(answer.Status.Token), 0o600))
	must(t, "write", a.TokenFile, os.Rename(unfinished, a.TokenFile))
}

// Revoke makes every token that was written so far invalid: the account is another one of the same name afterwards, with the
// same rights.
func (a *Account) Revoke(t testing.TB) {
	t.Helper()
	accounts := a.cluster.Admin.CoreV1().ServiceAccounts(a.namespace)
	must(t, "delete service account", a.name, accounts.Delete(t.Context(), a.name, metav1.DeleteOptions{}))
	_, err := accounts.Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: a.name}}, metav1.CreateOptions{})
	must(t, "create service account", a.name, err)
}

// Kubeconfig writes a kubeconfig file that leads to the API server with the token of the account, and returns its path. It
// lives as long as the test.
func (a *Account) Kubeconfig(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf(kubeconfig, a.cluster.URL(), a.cluster.authority.Path("ca.crt"), a.TokenFile)
	must(t, "write", path, os.WriteFile(path, []byte(content), 0o600))
	return path
}

const kubeconfig = `apiVersion: v1
kind: Config
clusters:
- name: cluster
  cluster: {server: %q, certificate-authority: %q}
users:
- name: account
  user: {tokenFile: %q}
contexts:
- name: context
  context: {cluster: cluster, user: account}
current-context: context
`

// must ends the test when something could not be done.
func must(t testing.TB, what, name string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s %s: %v", what, name, err)
	}
}
