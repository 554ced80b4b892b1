{{- define "ro.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 52 characters at most: with a suffix of ours and those of Kubernetes it still is a label. */}}
{{- define "ro.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $name := include "ro.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "ro.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{/* Of all pods of the release. */}}
{{- define "ro.releaseLabels" -}}
app.kubernetes.io/name: {{ include "ro.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Of the service's own pods. */}}
{{- define "ro.selectorLabels" -}}
{{ include "ro.releaseLabels" . }}
app.kubernetes.io/component: service
{{- end }}

{{/* Takes {root, component}. */}}
{{- define "ro.labels" -}}
{{- with .root -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "ro.releaseLabels" . }}
app.kubernetes.io/component: {{ $.component }}
app.kubernetes.io/part-of: {{ include "ro.name" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end }}

{{/* Takes {root, component, name? (a suffix), fullName?, labels?, annotations?}. */}}
{{- define "ro.metadata" -}}
name: {{ .fullName | default (print (include "ro.fullname" .root) (default "" .name)) }}
namespace: {{ include "ro.namespace" .root }}
labels:
  {{- include "ro.labels" . | nindent 2 }}
  {{- with .labels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "ro.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "ro.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "ro.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}
{{- else }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}
{{- end }}
{{- end }}
{{- end }}

{{/* The port that the process listens on. */}}
{{- define "ro.port" -}}
{{- dig "http" "port" 8080 .Values.config | int }}
{{- end }}

{{/* What the service reads at its start. */}}
{{- define "ro.configFile" -}}
# Written by Helm from `config` of the values. Secrets come from the environment and from /run/secrets.
{{ toYaml .Values.config }}
{{- end }}

{{/* MiB of the memory limit, rounded down; nothing where there is none that can be read. */}}
{{- define "ro.memoryMiB" -}}
{{- $limit := dig "limits" "memory" "" .Values.resources | toString }}
{{- $number := regexFind "^[0-9]+" $limit }}
{{- $unit := trimPrefix $number $limit }}
{{- $bytes := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "k" 1000 "M" 1000000 "G" 1000000000 "" 1 }}
{{- if and $number (hasKey $bytes $unit) }}
{{- div (mul (int64 $number) (get $bytes $unit)) 1048576 }}
{{- end }}
{{- end }}

{{- define "ro.nodeOptions" -}}
{{- $options := list }}
{{- $memory := include "ro.memoryMiB" . }}
{{- if and $memory (gt (float64 .Values.heapShare) 0.0) }}
{{- $options = append $options (printf "--max-old-space-size=%d" (mulf (float64 $memory) .Values.heapShare | int)) }}
{{- end }}
{{- with .Values.nodeOptions }}
{{- $options = append $options . }}
{{- end }}
{{- join " " $options }}
{{- end }}

{{/* An object that has a pod's replicas in it: its `kind` in lower case, as kubectl takes it. */}}
{{- define "ro.workload" -}}
{{ lower .Values.kind }}/{{ include "ro.fullname" . }}
{{- end }}

{{- define "ro.maxReplicas" -}}
{{- min (int .Values.autoscaling.maxReplicas) (int .Values.autoscaling.partitions) }}
{{- end }}
