{{/* What all pods of ours have in common. Takes {root, config}: the name of the ConfigMap. */}}
{{- define "ro.podCommon" -}}
{{- $root := .root }}
{{- with .root.Values -}}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .podSecurityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
volumes:
  - name: config
    configMap:
      name: {{ $.config }}
  {{- range $folder, $secret := include "ro.secretFolders" $root | fromYaml }}
  {{- if $secret }}
  - name: {{ $folder }}
    secret:
      secretName: {{ $secret }}
      # The group of the pod may read, nobody else.
      defaultMode: 288
  {{- end }}
  {{- end }}
  {{- with .extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}

{{/* What all containers of ours have in common. */}}
{{- define "ro.containerCommon" -}}
image: {{ include "ro.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.securityContext }}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "ro.env" . | trim }}
env:
  {{- . | nindent 2 }}
{{- end }}
{{- with .Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - name: config
    mountPath: /etc/retry-orchestrator
    readOnly: true
  {{- range $folder, $secret := include "ro.secretFolders" . | fromYaml }}
  {{- if $secret }}
  - name: {{ $folder }}
    mountPath: /run/secrets/{{ $folder }}
    readOnly: true
  {{- end }}
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* The pod template of the Deployment and the StatefulSet. */}}
{{- define "ro.podTemplate" -}}
metadata:
  labels:
    {{- include "ro.labels" (dict "root" . "component" "service") | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    # Another configuration makes other pods.
    checksum/config: {{ include "ro.configFile" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "ro.serviceAccountName" . }}
  {{- include "ro.podCommon" (dict "root" . "config" (include "ro.fullname" .)) | nindent 2 }}
  # The service kills itself when it has not stopped after 25 s.
  terminationGracePeriodSeconds: {{ add 30 .Values.preStopSleepSeconds }}
  topologySpreadConstraints:
    {{- if .Values.topologySpreadConstraints }}
    {{- toYaml .Values.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels:
          {{- include "ro.selectorLabels" $ | nindent 10 }}
      # Pods of the former version, which are about to go, don't count.
      matchLabelKeys: [{{ eq $.Values.kind "Deployment" | ternary "pod-template-hash" "controller-revision-hash" }}]
    {{- end }}
    {{- end }}
  containers:
    - name: retry-orchestrator
      {{- include "ro.containerCommon" . | nindent 6 }}
      args: [serve, --config, /etc/retry-orchestrator/config.yaml]
      ports:
        - name: http
          containerPort: {{ include "ro.port" . }}
          protocol: TCP
      startupProbe:
        httpGet: { path: /livez, port: http }
        {{- toYaml .Values.startupProbe | nindent 8 }}
      livenessProbe:
        httpGet: { path: /livez, port: http }
        {{- toYaml .Values.livenessProbe | nindent 8 }}
      readinessProbe:
        # Not /readyz alone: topics of one route that are wrong must not take all replicas away.
        httpGet: { path: '/readyz?scope=process', port: http }
        {{- toYaml .Values.readinessProbe | nindent 8 }}
      {{- with .Values.preStopSleepSeconds }}
      lifecycle:
        preStop:
          sleep:
            seconds: {{ . }}
      {{- end }}
{{- end }}
