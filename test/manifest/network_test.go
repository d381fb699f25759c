package manifest_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/rounds-cme/rounds/contract/arrow"
)

// network is what the NetworkPolicies of a chart let through between its pods, and to networks outside.
type network struct {
	pods     map[string]map[string]string // component → labels
	policies []*networking.NetworkPolicy
}

func networkOf(t *testing.T, file string, set map[string]any) network {
	t.Helper()
	all := objects(t, file, set)
	n := network{pods: map[string]map[string]string{}}
	for name, pod := range pods(all) {
		n.pods[name] = pod.Labels
	}
	for _, o := range all {
		if p, ok := o.any.(*networking.NetworkPolicy); ok {
			n.policies = append(n.policies, p)
		}
	}
	return n
}

func matches(t *testing.T, selector *meta.LabelSelector, of map[string]string) bool {
	t.Helper()
	s, err := meta.LabelSelectorAsSelector(selector)
	if err != nil {
		t.Fatal(err)
	}
	return s.Matches(labels.Set(of))
}

// opens says whether one of the peers and ports is this pod, on any port; it returns the ports.
func (n network) opens(t *testing.T, peers []networking.NetworkPolicyPeer, ports []networking.NetworkPolicyPort, pod string) []int {
	t.Helper()
	var open []int
	for _, p := range peers {
		if p.PodSelector == nil || p.NamespaceSelector != nil || !matches(t, p.PodSelector, n.pods[pod]) {
			continue
		}
		for _, port := range ports {
			open = append(open, port.Port.IntValue())
		}
	}
	return open
}

// between are the ports on which one pod reaches another: out of the one and into the other. A pod of which no policy speaks is open to all.
func (n network) between(t *testing.T, from, to string) []int {
	t.Helper()
	var out, in []int
	closedFrom, closedTo := false, false
	for _, p := range n.policies {
		if matches(t, &p.Spec.PodSelector, n.pods[from]) && slices.Contains(p.Spec.PolicyTypes, networking.PolicyTypeEgress) {
			closedFrom = true
			for _, rule := range p.Spec.Egress {
				out = append(out, n.opens(t, rule.To, rule.Ports, to)...)
			}
		}
		if matches(t, &p.Spec.PodSelector, n.pods[to]) && slices.Contains(p.Spec.PolicyTypes, networking.PolicyTypeIngress) {
			closedTo = true
			for _, rule := range p.Spec.Ingress {
				in = append(in, n.opens(t, rule.From, rule.Ports, from)...)
			}
		}
	}
	if !closedFrom || !closedTo {
		t.Errorf("%s or %s is closed by no policy", from, to)
	}
	both := slices.DeleteFunc(out, func(port int) bool { return !slices.Contains(in, port) })
	slices.Sort(both)
	return slices.Compact(both)
}

// port is where the ends inside of an arrow meet.
var port = map[arrow.Over]int{
	arrow.RPC: 9090, arrow.HTTP: 8080, arrow.Private: 8081, arrow.Postgres: 5432, arrow.AMQP: 5672, arrow.Manage: 15672, arrow.Redis: 6379,
}

// TestPoliciesAreTheArrows walks from every pod to every other: exactly the arrows are open, and no other port.
func TestPoliciesAreTheArrows(t *testing.T) {
	t.Parallel()
	for _, file := range sizes {
		n := networkOf(t, file, nil)
		want := map[[2]string][]int{}
		for _, a := range arrow.Table() {
			if n.pods[a.From] != nil && n.pods[a.To] != nil {
				want[[2]string{a.From, a.To}] = append(want[[2]string{a.From, a.To}], port[a.Over])
			}
		}
		if len(want) < 15 {
			t.Errorf("%s: only %d arrows between pods", file, len(want))
		}
		for from := range n.pods {
			for to := range n.pods {
				if from == to {
					continue
				}
				if got := n.between(t, from, to); !slices.Equal(got, want[[2]string{from, to}]) {
					t.Errorf("%s: from %s to %s the ports %v are open, and the arrows are %v", file, from, to, got, want[[2]string{from, to}])
				}
			}
		}
	}
}

// outside are the networks and namespaces that a pod may send to, and those it may be sent from, besides the names of the cluster.
func (n network) outside(t *testing.T, pod string) (out, in []string) {
	t.Helper()
	name := func(p networking.NetworkPolicyPeer, ports []networking.NetworkPolicyPort) string {
		if p.IPBlock != nil {
			return fmt.Sprintf("%s:%d", p.IPBlock.CIDR, ports[0].Port.IntValue())
		}
		return fmt.Sprintf("%s:%d", slices.Collect(maps.Values(p.NamespaceSelector.MatchLabels))[0], ports[0].Port.IntValue())
	}
	for _, policy := range n.policies {
		if !matches(t, &policy.Spec.PodSelector, n.pods[pod]) {
			continue
		}
		for _, rule := range policy.Spec.Egress {
			for _, peer := range rule.To {
				if peer.IPBlock != nil || peer.NamespaceSelector != nil {
					out = append(out, name(peer, rule.Ports))
				}
			}
		}
		for _, rule := range policy.Spec.Ingress {
			for _, peer := range rule.From {
				if peer.IPBlock != nil || peer.NamespaceSelector != nil {
					in = append(in, name(peer, rule.Ports))
				}
			}
		}
	}
	slices.Sort(out)
	slices.Sort(in)
	return out, in
}

// TestWhoReachesOutside: of all pods, those that an arrow leads out of, and to nowhere else.
func TestWhoReachesOutside(t *testing.T) {
	t.Parallel()
	const names = "kube-system:53"
	n := networkOf(t, "values-standard.yaml", nil)
	for pod := range n.pods {
		out, in := n.outside(t, pod)
		wantOut, wantIn := []string{names}, []string{"monitoring:8081"}
		switch pod {
		case "notificationcenter":
			wantOut = []string{"0.0.0.0/0:443", "192.0.2.25/32:587", names}
		case "nginx":
			wantIn = []string{"0.0.0.0/0:8443", "192.0.2.25/32:8443", "::/0:8443"}
		case "migration", "postgresql-statistics-replica":
			wantIn = nil
		case "postgresql", "postgresql-statistics", "rabbitmq", "redis":
			wantOut, wantIn = nil, nil
		}
		if !slices.Equal(out, wantOut) || !slices.Equal(in, wantIn) {
			t.Errorf("%s: sends to %q and takes from %q; want %q and %q", pod, out, in, wantOut, wantIn)
		}
	}
	large := networkOf(t, "values-large.yaml", nil)
	if out, _ := large.outside(t, "statistics"); !slices.Equal(out, []string{"10.1.0.0/24:5432", "10.1.0.0/24:5432", "10.1.1.0/24:5671", names}) {
		t.Errorf("with databases of somebody else, statistics sends to %q", out)
	}
	if out, _ := large.outside(t, "ssr"); !slices.Equal(out, []string{names}) {
		t.Errorf("ssr sends to %q", out)
	}
}
