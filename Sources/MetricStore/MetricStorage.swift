/// A store that is written to and read from.
package typealias MetricStorage = MetricWriter & MetricReader
