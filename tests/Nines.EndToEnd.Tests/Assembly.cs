// Each test has a cluster of processes of its own; two at a time would only measure each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
