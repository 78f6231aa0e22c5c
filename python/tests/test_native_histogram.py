import math
import random
import unittest

import support  # noqa: F401
from observability_integration.native_histogram import INITIAL_SCHEMA, LOWEST_SCHEMA, NativeHistogram, bucket_index, spans_and_deltas


class NativeHistogramTests(unittest.TestCase):
    def test_a_bound_belongs_to_the_bucket_that_it_ends(self):
        for schema in range(LOWEST_SCHEMA, INITIAL_SCHEMA + 1):
            for power in (-64, -16, 0, 16, 32):
                index = power * 2**schema if schema >= 0 else power >> -schema
                bound = 2.0**power
                self.assertEqual(bucket_index(bound, schema), index, (schema, power))
                self.assertEqual(bucket_index(math.nextafter(bound, math.inf) if hasattr(math, "nextafter") else bound * 1.0000001, schema), index + 1)

    def test_every_value_is_between_the_bounds_of_its_bucket(self):
        generator = random.Random(1)
        for _ in range(20_000):
            value = math.exp(generator.uniform(-40, 40))
            for schema in (-4, -1, 0, 1, 2, 3):
                index, base = bucket_index(value, schema), 2.0**-schema
                self.assertLessEqual(value, 2.0 ** (index * base) * (1 + 1e-15))
                self.assertGreater(value, 2.0 ** ((index - 1) * base) * (1 - 1e-15))

    def test_too_many_buckets_halve_the_resolution_and_lose_nothing(self):
        generator = random.Random(2)
        histogram, values = NativeHistogram(max_buckets=20), [math.exp(generator.uniform(-20, 20)) for _ in range(5_000)]
        for value in values:
            histogram.observe(value)
        seen = histogram.snapshot()
        self.assertLess(seen.schema, INITIAL_SCHEMA)
        self.assertLessEqual(len(seen.buckets), 20)
        expected: dict[int, int] = {}
        for value in values:
            index = bucket_index(value, seen.schema)
            expected[index] = expected.get(index, 0) + 1
        self.assertEqual(dict(seen.buckets), expected)

    def test_what_is_almost_nothing_is_zero(self):
        histogram = NativeHistogram()
        for value in (0.0, 2.0**-128, 2.0**-127):
            histogram.observe(value)
        self.assertEqual(histogram.snapshot().zero_count, 2)
        self.assertEqual(sum(count for _, count in histogram.snapshot().buckets), 1)

    def test_spans_and_deltas_say_the_buckets(self):
        generator = random.Random(3)
        for _ in range(500):
            buckets = sorted({generator.randint(-60, 60): generator.randint(1, 9) for _ in range(generator.randint(0, 30))}.items())
            spans, deltas = spans_and_deltas(buckets)
            read, position, index, count = [], 0, 0, 0
            for offset, length in spans:
                index += offset
                for _ in range(length):
                    count += deltas[position]
                    position += 1
                    if count:
                        read.append((index, count))
                    index += 1
            self.assertEqual(read, buckets)
            self.assertEqual(position, len(deltas))
            self.assertTrue(all(offset > 2 for offset, _ in spans[1:]))


if __name__ == "__main__":
    unittest.main()
