-- One row. ARGV: run, id      returns it, '' = it has none
if not ready(call('HGET', META, 'incarnation')) then return { 'NOT_READY' } end
return { 'OK', call('HGET', ROWS, ARGV[2]) or '' }
