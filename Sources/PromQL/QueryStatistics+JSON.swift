import Bytes

extension QueryStatistics {
    /// As answers and the query log show it (upstream util/stats/query_stats.go `BuiltinStats`).
    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.key("timings")
            json.object { json in
                for (name, seconds) in [
                    ("evalTotalTime", executionSeconds), ("resultSortTime", sortSeconds), ("queryPreparationTime", preparationSeconds),
                    ("innerEvalTime", evaluationSeconds), ("execQueueTime", queueSeconds), ("execTotalTime", queueSeconds + executionSeconds),
                ] {
                    json.key(name)
                    json.value(.number(GoFormat.json((seconds * 1e9).rounded() / 1e9)))
                }
            }
            json.key("samples")
            json.object { json in
                json.member("totalQueryableSamples", samplesQueried)
                json.member("samplesRead", samplesRead)
                json.member("peakSamples", peakSamples)
            }
        }
    }
}
