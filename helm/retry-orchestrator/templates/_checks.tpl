{{/* What is fine for each value by itself, and wrong together. Each message names the value. */}}
{{- define "ro.checks" -}}
{{- $config := .Values.config }}
{{- $redis := dig "redis" dict $config }}
{{- with .Values }}

{{- /* Where Redis is: said once. */}}
{{- $places := list }}
{{- range list "url" "sentinels" "cluster" }}
{{- if get $redis . }}{{ $places = append $places (printf "config.redis.%s" .) }}{{ end }}
{{- end }}
{{- if and .secrets.redis.existingSecret .secrets.redis.urlKey }}{{ $places = append $places "secrets.redis.urlKey" }}{{ end }}
{{- if .redis.enabled }}{{ $places = append $places "redis.enabled" }}{{ end }}
{{- range .extraEnv }}{{ if eq .name "REDIS_URL" }}{{ $places = append $places "extraEnv REDIS_URL" }}{{ end }}{{ end }}
{{- if and (not $places) (not .extraEnvFrom) }}
{{- fail "config.redis: say where Redis is: config.redis.url, .sentinels or .cluster, or secrets.redis.urlKey (or redis.enabled, to try it out)" }}
{{- end }}
{{- if gt (len $places) 1 }}
{{- fail (printf "%s: only one of them can say where Redis is" (join ", " $places)) }}
{{- end }}

{{- /* Secrets in the ConfigMap. */}}
{{- if regexMatch "^rediss?://[^/@]*:[^/@]+@" (default "" $redis.url) }}
{{- fail "config.redis.url: has a password in it, which anybody could read in the ConfigMap; put it in a Secret and name that in secrets.redis" }}
{{- end }}
{{- range list "password" "sentinelPassword" }}
{{- if get $redis . }}{{ fail (printf "config.redis.%s: anybody could read it in the ConfigMap; put it in a Secret and name that in secrets.redis" .) }}{{ end }}
{{- end }}
{{- if dig "kafka" "sasl" "password" "" $config }}
{{- fail "config.kafka.sasl.password: anybody could read it in the ConfigMap; put it in a Secret and name that in secrets.kafka" }}
{{- end }}
{{- range list "sasl.password" "ssl.key.password" "ssl.key.pem" "ssl.keystore.password" "sasl.oauthbearer.client.secret" }}
{{- if get (dig "kafka" "librdkafka" dict $config) . }}{{ fail (printf "config.kafka.librdkafka: %s: anybody could read it in the ConfigMap; put it in a Secret and name that in secrets.kafka" .) }}{{ end }}
{{- end }}
{{- if dig "notify" "url" "" $config }}
{{- fail "config.notify.url: it is a secret, and anybody could read it in the ConfigMap; put it in a Secret and name that in secrets.notify" }}
{{- end }}

{{- $kafkaTls := dig "kafka" "tls" dict $config }}
{{- $tlsOn := kindIs "bool" $kafkaTls | ternary $kafkaTls (kindIs "map" $kafkaTls | ternary (eq "true" (toString (get (kindIs "map" $kafkaTls | ternary $kafkaTls dict) "enabled"))) false) }}
{{- if and .secrets.kafka.tls.existingSecret (not $tlsOn) (not (hasKey (dig "kafka" "librdkafka" dict $config) "security.protocol")) }}
{{- fail "secrets.kafka.tls.existingSecret: means nothing without config.kafka.tls.enabled: true" }}
{{- end }}
{{- range $name, $tls := dict "kafka" .secrets.kafka.tls "redis" .secrets.redis.tls }}
{{- if ne (empty $tls.certKey) (empty $tls.keyKey) }}
{{- fail (printf "secrets.%s.tls: certKey and keyKey belong together; give both or none" $name) }}
{{- end }}
{{- end }}

{{- if ne .autoscaling.kind "none" }}
{{- if not .autoscaling.partitions }}
{{- fail "autoscaling.partitions: say how many partitions the largest retry topic has; more replicas than that own nothing" }}
{{- end }}
{{- if gt (int .autoscaling.minReplicas) (int (include "ro.maxReplicas" $)) }}
{{- fail (printf "autoscaling.minReplicas: is more than the most that is of use, %s (the least of maxReplicas and partitions)" (include "ro.maxReplicas" $)) }}
{{- end }}
{{- if and (eq .autoscaling.kind "lag") (not .autoscaling.lag.prometheus) }}
{{- fail "autoscaling.lag.prometheus: give the address of Prometheus, as http://prometheus.monitoring:9090" }}
{{- end }}
{{- if and (eq .autoscaling.kind "cpu") (not (dig "requests" "cpu" "" .resources)) }}
{{- fail "resources.requests.cpu: autoscaling by cpu is a share of it; give one" }}
{{- end }}
{{- end }}

{{- if .ingress.enabled }}
{{- if not (dig "http" "auth" "" $config) }}
{{- fail "config.http.auth: with ingress.enabled, say who may call; write none to let everybody in" }}
{{- end }}
{{- if not .ingress.hosts }}
{{- fail "ingress.hosts: give at least one host" }}
{{- end }}
{{- end }}
{{- if and .networkPolicy.enabled (not .networkPolicy.from) }}
{{- fail "networkPolicy.from: say who may call; with an empty list nobody could, consumers included" }}
{{- end }}
{{- end }}
{{- end }}
