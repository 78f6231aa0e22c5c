import asyncio
import threading
import unittest

import support  # noqa: F401
from tta_dev_primitives import (
    CachePrimitive, ConditionalPrimitive, FallbackPrimitive, LambdaPrimitive, MockPrimitive, ParallelPrimitive, RetryPrimitive, RetryStrategy,
    RouterPrimitive, SequentialPrimitive, TimeoutPrimitive, WorkflowContext, WorkflowPrimitive,
)
from tta_dev_primitives.core.base import LambdaPrimitive as LambdaOfBase, WorkflowContext as ContextOfBase
from tta_dev_primitives.observability import InstrumentedPrimitive
from tta_dev_primitives.recovery.timeout import TimeoutError as PrimitiveTimeoutError
from observability_integration.primitives import CachePrimitive as CacheOfObservability

AT_ONCE = RetryStrategy(max_retries=3, initial_delay=0.0)


def failing(times, result="done", error=ValueError):
    """A step that fails so often, then succeeds."""
    calls = []

    async def step(data):
        calls.append(data)
        if len(calls) <= times:
            raise error(f"failure {len(calls)}")
        return result

    step.calls = calls
    return step


def patient_step():
    """A step that waits for long and, cancelled, notes its input once it has cleaned up; the notes, and the step."""
    events = []

    async def patient(data):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            await asyncio.sleep(0.02)
            events.append(data)
            raise

    return events, patient


class CompositionTests(unittest.IsolatedAsyncioTestCase):
    async def execute(self, workflow, data=1):
        return await workflow.execute(data, WorkflowContext(trace_id="req-123"))

    async def test_a_sequence_hands_on_and_is_one(self):
        workflow = LambdaPrimitive(lambda x, ctx: x + 1) >> LambdaPrimitive(lambda x: x * 10) >> str
        for mistake in (3, CachePrimitive):
            with self.assertRaises(TypeError):
                LambdaPrimitive(len) >> mistake
        self.assertEqual(len(workflow.primitives) if isinstance(workflow, SequentialPrimitive) else None, 3)
        self.assertEqual(await self.execute(workflow), "20")

    async def test_parallel_branches_have_the_same_input_and_results_in_order(self):
        async def slow(data):
            await asyncio.sleep(0.02)
            return data, "slow"

        async def fast(data, context):
            return data, context.trace_id

        workflow = LambdaPrimitive(slow) | fast | LambdaPrimitive(lambda data: data)
        self.assertIsInstance(workflow, ParallelPrimitive)
        self.assertEqual(await self.execute(workflow), [(1, "slow"), (1, "req-123"), 1])

    async def test_functions_stand_on_either_side(self):
        async def double(data):
            return data * 2

        workflow = double >> LambdaPrimitive(lambda x: x + 1) >> (double | LambdaPrimitive(lambda x: -x))
        self.assertEqual(await self.execute(workflow), [6, -3])

    async def test_a_named_part_stays_whole(self):
        inner = SequentialPrimitive([lambda x: x, lambda x: x], name="inner")
        self.assertEqual(len((inner >> (lambda x: x)).primitives), 2)

    async def test_a_failure_cancels_the_siblings_and_waits_for_them(self):
        events, patient = patient_step()

        async def bad(data):
            await asyncio.sleep(0.01)
            raise KeyError("bad")

        with self.assertRaises(KeyError):
            await self.execute(LambdaPrimitive(patient) | bad)
        self.assertEqual(events, [1])
        self.assertEqual(len(asyncio.all_tasks()), 1)

    async def test_errors_of_further_branches_are_noted(self):
        async def bad(data):
            raise KeyError("first")

        async def worse(data):
            try:
                await asyncio.sleep(60)
            finally:
                raise RuntimeError("while cleaning up")

        with self.assertRaises(KeyError) as caught:
            await self.execute(LambdaPrimitive(bad) | worse)
        if hasattr(caught.exception, "add_note"):
            self.assertIn("RuntimeError: while cleaning up", caught.exception.__notes__[0])

    async def test_cancelling_the_workflow_cancels_its_branches(self):
        events, patient = patient_step()
        task = asyncio.ensure_future(self.execute(LambdaPrimitive(patient) | TimeoutPrimitive(patient, 50)))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()  # Impatience does not leave anything running.
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual(events, [1, 1])

    async def test_branches_do_not_see_each_others_state(self):
        context = WorkflowContext(state={"list": []})
        workflow = LambdaPrimitive(lambda x, ctx: ctx.state["list"].append(1) or len(ctx.state["list"])) | (lambda x, ctx: ctx.state["list"].append(1) or len(ctx.state["list"]))
        self.assertEqual(await workflow.execute(1, context), [1, 1])
        self.assertEqual(context.state, {"list": []})

    async def test_imports_that_are_in_use_work(self):
        self.assertIs(LambdaOfBase, LambdaPrimitive)
        self.assertIs(ContextOfBase, WorkflowContext)
        self.assertIs(CacheOfObservability, CachePrimitive)

        class Upper(InstrumentedPrimitive[str, str]):
            async def _execute_impl(self, input_data, context):
                return input_data.upper()

        class Own(WorkflowPrimitive[str, str]):
            async def execute(self, input_data, context):
                return input_data + "!"

        self.assertEqual(await self.execute(Upper(name="upper") >> Own(), "a"), "A!")
        with self.assertRaises(TypeError):
            WorkflowPrimitive()

    async def test_a_mock_remembers(self):
        mock = MockPrimitive("step", side_effect=lambda data, ctx: data + 1)
        self.assertEqual(await self.execute(mock >> mock), 3)
        self.assertEqual(mock.call_count, 2)
        mock.assert_called_with(2)
        with self.assertRaises(AssertionError):
            mock.assert_called_once()


class RecoveryTests(unittest.IsolatedAsyncioTestCase):
    async def execute(self, workflow, data=1, context=None):
        return await workflow.execute(data, context or WorkflowContext())

    async def test_retry_tries_again_and_raises_the_last_failure(self):
        self.assertEqual(await self.execute(RetryPrimitive(failing(3), strategy=AT_ONCE)), "done")
        with self.assertRaisesRegex(ValueError, "failure 4"):
            await self.execute(RetryPrimitive(failing(9), AT_ONCE))
        step = failing(9)
        with self.assertRaisesRegex(ValueError, "failure 1"):
            await self.execute(RetryPrimitive(step, max_retries=0))
        self.assertEqual(len(step.calls), 1)

    async def test_cancellation_is_not_retried(self):
        step = failing(9, error=asyncio.CancelledError)
        with self.assertRaises(asyncio.CancelledError):
            await self.execute(RetryPrimitive(step, AT_ONCE))
        self.assertEqual(len(step.calls), 1)

    def test_pauses(self):
        plain = dict(jitter=False, initial_delay=0.5)

        def delays(strategy):
            return [strategy.calculate_delay(attempt) for attempt in range(4)]

        self.assertEqual(delays(RetryStrategy(**plain)), [0.5, 1.0, 2.0, 4.0])
        self.assertEqual(delays(RetryStrategy(**plain, max_backoff=1.5)), [0.5, 1.0, 1.5, 1.5])
        self.assertEqual(delays(RetryStrategy(**plain, backoff="linear")), [0.5, 1.0, 1.5, 2.0])
        self.assertEqual(delays(RetryStrategy(**plain, backoff="constant")), [0.5] * 4)
        self.assertEqual(RetryStrategy(jitter=False).calculate_delay(100_000), 60.0)
        jittered = [RetryStrategy().calculate_delay(1) for _ in range(200)]
        self.assertTrue(all(1.0 <= delay <= 3.0 for delay in jittered) and len(set(jittered)) > 100)
        same = RetryPrimitive(len, max_retries=5, backoff_strategy="linear", initial_delay=0.1, backoff_factor=3.0, max_delay=9.0, jitter=False).strategy
        self.assertEqual(same, RetryStrategy(5, 3.0, 9.0, False, 0.1, "linear"))
        for wrong in (dict(max_retries=-1), dict(backoff_strategy="fibonacci")):
            with self.assertRaises(ValueError):
                RetryPrimitive(len, **wrong)
        with self.assertRaises(TypeError):
            RetryPrimitive(len, AT_ONCE, max_retries=1)

    async def test_fallbacks_are_taken_in_order_and_the_first_error_is_told(self):
        self.assertEqual(await self.execute(FallbackPrimitive(primary=failing(9), fallback=failing(0, "second"))), "second")
        self.assertEqual(await self.execute(FallbackPrimitive(failing(9), fallbacks=[failing(9), failing(0, "third")])), "third")
        with self.assertRaises(ValueError) as caught:
            await self.execute(FallbackPrimitive(failing(9), failing(9, error=KeyError)))
        self.assertIsInstance(caught.exception.__cause__, KeyError)
        untouched = failing(0)
        self.assertEqual(await self.execute(FallbackPrimitive(failing(0, "first"), untouched)), "first")
        self.assertEqual(untouched.calls, [])
        with self.assertRaises(ValueError):
            FallbackPrimitive(len)

    async def test_timeout_cancels_and_tells(self):
        ended = []

        async def slow(data):
            try:
                await asyncio.sleep(60)
            finally:
                ended.append(data)

        context = WorkflowContext()
        for error in (TimeoutError, PrimitiveTimeoutError):
            with self.assertRaises(error):
                await self.execute(TimeoutPrimitive(slow, timeout_seconds=0.01), context=context)
        self.assertEqual(ended, [1, 1])
        self.assertEqual((context.state["timeout_count"], len(context.state["timeout_history"])), (2, 2))
        self.assertEqual(await self.execute(TimeoutPrimitive(slow, 0.01, fallback=failing(0, "instead"))), "instead")
        self.assertIsNone(await self.execute(TimeoutPrimitive(slow, 0.01, raise_on_timeout=False)))
        self.assertEqual(await self.execute(TimeoutPrimitive(failing(0), 5)), "done")

    async def test_a_timeout_error_of_the_primitive_is_its_own(self):
        untouched = failing(0)
        with self.assertRaisesRegex(TimeoutError, "failure 1"):
            await self.execute(TimeoutPrimitive(failing(9, error=TimeoutError), 5, fallback=untouched))
        self.assertEqual(untouched.calls, [])

    async def test_a_primitive_that_will_not_be_cancelled_in_time_has_timed_out_all_the_same(self):
        async def stubborn(data):
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                raise RuntimeError("no") from None

        with self.assertRaises(PrimitiveTimeoutError):
            await self.execute(TimeoutPrimitive(stubborn, 0.01))

    async def test_router_and_condition_choose(self):
        routes = {"a": lambda data: "A", "b": lambda data: "B"}
        context = WorkflowContext()
        router = RouterPrimitive(routes, lambda data, ctx: data, default="b")
        self.assertEqual([await self.execute(router, data, context) for data in "abz"], ["A", "B", "B"])
        self.assertEqual([entry["used_default"] for entry in context.state["routing_history"]], [False, False, True])
        with self.assertRaisesRegex(ValueError, "'a', 'b'"):
            await self.execute(RouterPrimitive(routes, lambda data, ctx: "z"))
        with self.assertRaises(ValueError):
            RouterPrimitive(routes, lambda data, ctx: "z", default_route="q")
        condition = ConditionalPrimitive(lambda data, ctx: data > 0, then_primitive=lambda data: "positive")
        self.assertEqual([await self.execute(condition, data) for data in (1, -1)], ["positive", -1])


class CacheTests(unittest.IsolatedAsyncioTestCase):
    async def test_results_are_remembered_by_key_for_their_time(self):
        step = failing(0)
        cache = CachePrimitive(step, cache_key_fn=lambda data, ctx: data["prompt"], ttl_seconds=0.05)
        context = WorkflowContext()
        for prompt in ("a", "a", "b", "a"):
            self.assertEqual(await cache.execute({"prompt": prompt}, context), "done")
        self.assertEqual(len(step.calls), 2)
        self.assertEqual((context.state["cache_hits"], context.state["cache_misses"]), (2, 2))
        self.assertEqual(cache.get_stats(), {"size": 2, "hits": 2, "misses": 2, "expirations": 0, "hit_rate": 50.0})
        await asyncio.sleep(0.06)
        await cache.execute({"prompt": "a"}, context)
        self.assertEqual((len(step.calls), cache.evict_expired(), cache.get_stats()["expirations"]), (3, 1, 2))
        cache.clear_cache()
        self.assertEqual(cache.get_stats()["size"], 0)

    async def test_the_least_recently_used_is_forgotten(self):
        step = failing(0)
        cache = CachePrimitive(step, max_size=2)
        for data in (1, 2, 1, 3, 1, 2):
            await cache.execute(data, WorkflowContext())
        self.assertEqual(step.calls, [1, 2, 3, 2])

    async def test_errors_are_not_remembered_and_none_is(self):
        step = failing(1, result=None)
        cache = CachePrimitive(step)
        with self.assertRaises(ValueError):
            await cache.execute(1, WorkflowContext())
        for _ in range(3):
            self.assertIsNone(await cache.execute(1, WorkflowContext()))
        self.assertEqual(len(step.calls), 2)

    async def test_inputs_without_a_key_function(self):
        step = failing(0)
        cache = CachePrimitive(step)
        for data in (1, 1.0, True, {"b": 1, "a": [2]}, {"a": [2], "b": 1}):
            await cache.execute(data, WorkflowContext())
        self.assertEqual(len(step.calls), 4)
        with self.assertRaisesRegex(TypeError, "cache_key_fn"):
            await cache.execute({"x": object()}, WorkflowContext())

    def test_a_cache_is_shared_by_threads(self):
        cache, results = CachePrimitive(failing(0), max_size=50), []

        def work(seed):
            async def run():
                for index in range(300):
                    results.append(await cache.execute((seed * index) % 97, WorkflowContext()))
            asyncio.run(run())

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(1, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        stats = cache.get_stats()
        self.assertEqual((len(results), stats["hits"] + stats["misses"], stats["size"]), (1200, 1200, 50))


class ContextTests(unittest.TestCase):
    def test_an_id_of_any_form_names_one_trace(self):
        self.assertEqual(WorkflowContext(trace_id="req-123").trace_id_hex, "4e4af1e8fe818e12e32bac7236e10825")
        self.assertEqual(WorkflowContext(trace_id="0AF7651916cd43dd8448eb211c80319c").trace_id_hex, "0af7651916cd43dd8448eb211c80319c")
        self.assertNotEqual(WorkflowContext(trace_id="0" * 32).trace_id_hex, "0" * 32)
        context = WorkflowContext()
        self.assertEqual(context.trace_id_hex, context.trace_id_hex)
        self.assertEqual(context.create_child_context().trace_id_hex, context.trace_id_hex)
        self.assertNotEqual(WorkflowContext().trace_id_hex, context.trace_id_hex)

    def test_children(self):
        root = WorkflowContext.root("summaries", metadata={"a": [1]}, trace_id="t", tags={"env": "test"})
        child = WorkflowContext.child(root, step_name="one")
        child.metadata["a"].append(2)
        self.assertEqual((root.metadata, child.workflow_id, child.trace_id, child.causation_id), ({"a": [1]}, "one", "t", root.correlation_id))
        child.checkpoint("here")
        self.assertEqual(child.checkpoints[0][0], "here")
        self.assertGreaterEqual(child.elapsed_ms(), 0)
        self.assertEqual(root.to_otel_context()["workflow.id"], "summaries")


if __name__ == "__main__":
    unittest.main()
