/// A store that is written to, read from and asked what it holds.
package typealias MetricStorage = MetricWriter & MetricReader & ExemplarReader & MetricInventory
