{{- define "rounds.name" -}}{{ .Release.Name }}{{- end }}

{{- define "rounds.image" -}}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{- end }}

{{/* labels of one component: (list $ "bff") */}}
{{- define "rounds.labels" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: rounds
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
{{- end }}

{{- define "rounds.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: rounds
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* what every pod is allowed: next to nothing */}}
{{- define "rounds.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ get . "user" | default 65532 }}
  runAsGroup: {{ get . "user" | default 65532 }}
  fsGroup: {{ get . "user" | default 65532 }}
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "rounds.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* memory is a bound, processor time is not: a process that waits for its share is slow, one without memory is dead */}}
{{- define "rounds.resources" -}}
resources:
  requests: {cpu: {{ .cpu | quote }}, memory: {{ .memory | quote }}, ephemeral-storage: 64Mi}
  limits: {memory: {{ .memory | quote }}, ephemeral-storage: {{ get . "disk" | default "512Mi" }}}
{{- end }}

{{- define "rounds.databaseURL" -}}
{{- if .Values.postgresql.own -}}postgres://rounds_admin@{{ .Release.Name }}-postgresql:5432/rounds{{- else -}}{{ required "postgresql.external.main: the address of the server" .Values.postgresql.external.main }}{{- end -}}
{{- end }}
{{- define "rounds.statisticsURL" -}}
{{- if .Values.postgresql.own -}}postgres://rounds_admin@{{ .Release.Name }}-postgresql-statistics:5432/rounds_statistics{{- else -}}{{ required "postgresql.external.statistics: the address of the server" .Values.postgresql.external.statistics }}{{- end -}}
{{- end }}
{{- define "rounds.brokerURL" -}}
{{- if .Values.rabbitmq.own -}}amqp://{{ .Release.Name }}-rabbitmq:5672/rounds{{- else -}}{{ required "rabbitmq.external.amqp: the address of the broker" .Values.rabbitmq.external.amqp }}{{- end -}}
{{- end }}
{{- define "rounds.managementURL" -}}
{{- if .Values.rabbitmq.own -}}http://{{ .Release.Name }}-rabbitmq:15672{{- else -}}{{ required "rabbitmq.external.management: the address of its API" .Values.rabbitmq.external.management }}{{- end -}}
{{- end }}
{{- define "rounds.redisHost" -}}
{{- if .Values.redis.own -}}{{ .Release.Name }}-redis:6379{{- else -}}{{ required "redis.external.host: where Redis is" .Values.redis.external.host }}{{- end -}}
{{- end }}

{{/* whom a service calls, by the table of arrows */}}
{{- define "rounds.peers" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
{{- $peers := list -}}
{{- range ($root.Files.Get "files/arrows.yaml" | fromYaml).arrows -}}
{{- if and (eq .from $name) (eq .over "grpc") -}}{{- $peers = append $peers (printf "%s=%s-%s:9090" .to $root.Release.Name .to) -}}{{- end -}}
{{- end -}}
{{- join ";" $peers -}}
{{- end }}
