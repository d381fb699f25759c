// Package manifest_test proves what is handed to other programs, with the libraries by which they read it: the chart by Helm's own engine and
// the types of the Kubernetes API. No cluster runs here, so what is proved is that the objects are what we mean, not that a cluster takes them.
//
// It is a module of its own, so that what it needs is not in the program.
package manifest_test

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	certmanager "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const chart = "../../deploy/helm/rounds"

// sizes are the files of values that stand beside the chart.
var sizes = []string{"values-small.yaml", "values-standard.yaml", "values-large.yaml"}

// object is any of the kinds, decoded strictly.
type object struct {
	kind string
	meta meta.ObjectMeta
	any  any
}

func kinds() map[string]func() any {
	return map[string]func() any{
		"v1/ConfigMap": func() any { return &core.ConfigMap{} }, "v1/Service": func() any { return &core.Service{} },
		"v1/ServiceAccount":  func() any { return &core.ServiceAccount{} },
		"apps/v1/Deployment": func() any { return &apps.Deployment{} }, "apps/v1/StatefulSet": func() any { return &apps.StatefulSet{} },
		"batch/v1/Job": func() any { return &batch.Job{} }, "policy/v1/PodDisruptionBudget": func() any { return &policy.PodDisruptionBudget{} },
		"autoscaling/v2/HorizontalPodAutoscaler": func() any { return &autoscaling.HorizontalPodAutoscaler{} },
		"networking.k8s.io/v1/NetworkPolicy":     func() any { return &networking.NetworkPolicy{} },
		"cert-manager.io/v1/Issuer":              func() any { return &certmanager.Issuer{} }, "cert-manager.io/v1/Certificate": func() any { return &certmanager.Certificate{} },
		"monitoring.coreos.com/v1/ServiceMonitor": func() any { return &monitoring.ServiceMonitor{} },
	}
}

// values are those of a file, over those of the chart, with what a test sets.
func values(t *testing.T, file string, set map[string]any) map[string]any {
	t.Helper()
	all, err := common.ReadValuesFile(filepath.Join(chart, file))
	if err != nil {
		t.Fatal(err)
	}
	return loader.MergeMaps(all, set)
}

// rendered are the documents that the chart makes.
func rendered(t *testing.T, file string, set map[string]any) []string {
	t.Helper()
	c, err := loader.Load(chart)
	if err != nil {
		t.Fatal(err)
	}
	all, err := util.ToRenderValues(c, values(t, file, set), common.ReleaseOptions{Name: "rounds", Namespace: "chamber", IsInstall: true}, common.DefaultCapabilities)
	if err != nil {
		t.Fatal(err)
	}
	e := engine.Engine{Strict: true}
	files, err := e.Render(c, all)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	var documents []string
	for name, text := range files {
		if !strings.HasSuffix(name, ".yaml") {
			continue
		}
		for _, document := range regexp.MustCompile(`(?m)^---$`).Split(text, -1) {
			if strings.TrimSpace(regexp.MustCompile(`(?m)^#.*$`).ReplaceAllString(document, "")) != "" {
				documents = append(documents, document)
			}
		}
	}
	slices.Sort(documents)
	return documents
}

// objects are the documents, decoded by the types of those who read them: an unknown field is an error.
func objects(t *testing.T, file string, set map[string]any) []object {
	t.Helper()
	var all []object
	for _, document := range rendered(t, file, set) {
		var head struct {
			meta.TypeMeta
			Metadata meta.ObjectMeta `json:"metadata"`
		}
		if err := yaml.Unmarshal([]byte(document), &head); err != nil {
			t.Fatalf("%s: %v\n%s", file, err, document)
		}
		kind := head.APIVersion + "/" + head.Kind
		create := kinds()[kind]
		if create == nil {
			t.Errorf("%s: %s is a kind that nobody expects", file, kind)
			continue
		}
		made := create()
		if err := yaml.UnmarshalStrict([]byte(document), made); err != nil {
			t.Errorf("%s: %s %s: %v\n%s", file, kind, head.Metadata.Name, err, document)
		}
		all = append(all, object{head.Kind, head.Metadata, made})
	}
	return all
}

func TestLint(t *testing.T) {
	t.Parallel()
	for _, file := range append(sizes, "values.yaml") {
		for _, said := range lint.RunAll(chart, values(t, file, nil), "chamber").Messages {
			if said.Severity >= support.WarningSev {
				t.Errorf("%s: %v", file, said)
			}
		}
	}
}

func TestEverySizeIsUnderstood(t *testing.T) {
	t.Parallel()
	for _, file := range sizes {
		names := map[string]bool{}
		all := objects(t, file, map[string]any{"monitoring": map[string]any{"enabled": true}})
		for _, o := range all {
			if key := o.kind + "/" + o.meta.Name; names[key] {
				t.Errorf("%s: %s comes twice", file, key)
			} else {
				names[key] = true
			}
		}
		if len(all) < 60 {
			t.Errorf("%s: only %d objects", file, len(all))
		}
		referred(t, file, all)
	}
}

// made are Secrets that are there before, or that cert-manager makes.
var made = regexp.MustCompile(`^rounds-(auth|ssr|bff|datamanagement|scheduler|livewebinar|notificationtaskrunner|notificationcenter|statistics)(-certificate)?$|^rounds-(operator|keys|public|postgresql|rabbitmq|redis|tls)$`)

// referred: what pods want is made by the chart, or promised by its README.
func referred(t *testing.T, file string, all []object) {
	t.Helper()
	maps := map[string]bool{}
	for _, o := range all {
		if o.kind == "ConfigMap" {
			maps[o.meta.Name] = true
		}
	}
	for name, pod := range pods(all) {
		for _, v := range pod.Spec.Volumes {
			if v.ConfigMap != nil && !maps[v.ConfigMap.Name] || v.Secret != nil && !made.MatchString(v.Secret.SecretName) {
				t.Errorf("%s: %s wants volume %s, which nobody makes", file, name, v.Name)
			}
		}
		for _, c := range pod.Spec.Containers {
			for _, e := range c.EnvFrom {
				if e.ConfigMapRef != nil && !maps[e.ConfigMapRef.Name] {
					t.Errorf("%s: %s wants %s", file, name, e.ConfigMapRef.Name)
				}
			}
			for _, m := range c.VolumeMounts {
				if !slices.ContainsFunc(pod.Spec.Volumes, func(v core.Volume) bool { return v.Name == m.Name }) && name != "postgresql" && m.Name != "data" {
					t.Errorf("%s: %s mounts %s, which is none of its volumes", file, name, m.Name)
				}
			}
		}
	}
}

// pods are what is started, by component.
func pods(all []object) map[string]core.PodTemplateSpec {
	found := map[string]core.PodTemplateSpec{}
	for _, o := range all {
		switch v := o.any.(type) {
		case *apps.Deployment:
			found[component(v.Spec.Template.Labels)] = v.Spec.Template
		case *apps.StatefulSet:
			found[component(v.Spec.Template.Labels)] = v.Spec.Template
		case *batch.Job:
			found[component(v.Spec.Template.Labels)] = v.Spec.Template
		}
	}
	return found
}

func component(labels map[string]string) string { return labels["app.kubernetes.io/component"] }

// TestPodsMayNextToNothing is what a policy of a cluster would ask for ("restricted"), and more.
func TestPodsMayNextToNothing(t *testing.T) {
	t.Parallel()
	for _, file := range sizes {
		for name, pod := range pods(objects(t, file, nil)) {
			spec := pod.Spec
			if spec.AutomountServiceAccountToken == nil || *spec.AutomountServiceAccountToken || spec.HostNetwork || spec.HostPID || spec.HostIPC {
				t.Errorf("%s: %s may speak to the cluster or the node", file, name)
			}
			if s := spec.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || s.SeccompProfile == nil || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
				t.Errorf("%s: %s: %+v", file, name, s)
			}
			for _, c := range append(spec.InitContainers, spec.Containers...) {
				s := c.SecurityContext
				if s == nil || !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) {
					t.Errorf("%s: %s may more than it needs: %+v", file, name, s)
				}
				if c.Resources.Requests.Cpu().IsZero() || c.Resources.Limits.Memory().IsZero() {
					t.Errorf("%s: %s may use whatever it finds: %+v", file, name, c.Resources)
				}
				if strings.HasSuffix(c.Image, ":latest") || !strings.Contains(c.Image, ":") {
					t.Errorf("%s: %s runs %s, whatever that is tomorrow", file, name, c.Image)
				}
				for _, e := range c.Env {
					if strings.Contains(strings.ToLower(e.Name), "password") && e.Value != "" {
						t.Errorf("%s: %s has a password in its manifest", file, name)
					}
				}
			}
			if name == "migration" {
				continue
			}
			for _, c := range spec.Containers {
				if c.LivenessProbe == nil || c.ReadinessProbe == nil {
					t.Errorf("%s: nobody asks %s how it is", file, name)
				}
			}
		}
	}
}
