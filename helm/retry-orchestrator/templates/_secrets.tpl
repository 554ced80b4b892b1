{{/* A variable from a Secret. Takes {name, secret, key}. */}}
{{- define "ro.secretVariable" -}}
{{- if and .secret .key }}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}
{{- end }}

{{/* The PEM files of a server. Takes {prefix, folder, tls}. */}}
{{- define "ro.tlsVariables" -}}
{{- with .tls }}
{{- if .existingSecret }}
{{- range $part, $key := dict "CA" .caKey "CERT" .certKey "KEY" .keyKey }}
{{- if $key }}
- name: {{ $.prefix }}_TLS_{{ $part }}_FILE
  value: /run/secrets/{{ $.folder }}/{{ $key }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "ro.env" -}}
{{- $given := list }}
{{- range .Values.extraEnv }}{{ $given = append $given .name }}{{ end }}
{{- $nodeOptions := include "ro.nodeOptions" . }}
{{- if and $nodeOptions (not (has "NODE_OPTIONS" $given)) }}
- name: NODE_OPTIONS
  value: {{ $nodeOptions | quote }}
{{- end }}
{{- with .Values.secrets.kafka }}
{{- include "ro.secretVariable" (dict "name" "KAFKA_SASL_USERNAME" "secret" .existingSecret "key" .usernameKey) }}
{{- include "ro.secretVariable" (dict "name" "KAFKA_SASL_PASSWORD" "secret" .existingSecret "key" .passwordKey) }}
{{- include "ro.tlsVariables" (dict "prefix" "KAFKA" "folder" "kafka-tls" "tls" .tls) }}
{{- end }}
{{- with .Values.secrets.redis }}
{{- include "ro.secretVariable" (dict "name" "REDIS_URL" "secret" .existingSecret "key" .urlKey) }}
{{- include "ro.secretVariable" (dict "name" "REDIS_USERNAME" "secret" .existingSecret "key" .usernameKey) }}
{{- include "ro.secretVariable" (dict "name" "REDIS_PASSWORD" "secret" .existingSecret "key" .passwordKey) }}
{{- include "ro.secretVariable" (dict "name" "REDIS_SENTINEL_PASSWORD" "secret" .existingSecret "key" .sentinelPasswordKey) }}
{{- include "ro.tlsVariables" (dict "prefix" "REDIS" "folder" "redis-tls" "tls" .tls) }}
{{- end }}
{{- with .Values.secrets.notify }}
{{- include "ro.secretVariable" (dict "name" "NOTIFY_URL" "secret" .existingSecret "key" .urlKey) }}
{{- end }}
{{- if .Values.redis.enabled }}
- name: REDIS_URL
  value: redis://{{ include "ro.fullname" . }}-redis:6379/0
{{- end }}
{{- if eq .Values.kind "StatefulSet" }}
- name: KAFKA_GROUP_INSTANCE_ID
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Folder to Secret, of those that are mounted. */}}
{{- define "ro.secretFolders" -}}
{{- with .Values.secrets -}}
{{- dict "kafka-tls" .kafka.tls.existingSecret "redis-tls" .redis.tls.existingSecret "tokens" .tokens.existingSecret | toYaml }}
{{- end }}
{{- end }}
