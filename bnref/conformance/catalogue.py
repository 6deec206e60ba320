"""The historical bugs that the checks are for: one line each, by the id that checks cite.

What of them cannot be asked of one layer by itself, and where it is asked instead:

| id  | what                                          | why not here; where else                         |
|-----|-----------------------------------------------|--------------------------------------------------|
| C07 | a model's train() thaws its layers            | needs a model; here freeze and then train        |
| C17 | buffers that DDP broadcasts                   | needs ranks; here they are set between the passes |
| C19 | what averaged weights lose on old statistics  | needs a trained model; here recalibration        |
| C26 | a back end that is wrong                      | needs the device: run an adapter of it           |
| C27 | a fold across a non-linearity                 | needs a graph; tests/norms of our own fold       |
| C28 | more than 2^31 elements                       | needs 48 GiB: `memory`; here strides beyond 2^31 |
| C33 | results that differ from run to run           | reported; no failure while each is right         |
| C35 | group norm that does not help                 | a comparison of trainings: the claims of WH18    |
"""

CATALOGUE = {
    "C01": "momentum taken as the weight of the old value",
    "C02": "running_var biased where it should be unbiased, or the reverse",
    "C03": "Bessel's factor with the wrong count",
    "C04": "momentum=None, the cumulative average, missing or wrong",
    "C05": "evaluation does not approach training",
    "C06": "one value per channel: NaN, or buffers poisoned",
    "C07": "frozen statistics thawed by training mode",
    "C08": "synchronised shards differ from the joined batch",
    "C09": "statistics advance otherwise than once per micro-batch",
    "C10": "overflow or lost precision in half precision; poisoned statistics",
    "C11": "running statistics in a half type that stop moving",
    "C12": "wrong on channels-last or permuted input",
    "C13": "wrong on sliced or offset input",
    "C14": "a constant channel does not give the bias",
    "C15": "wrong backward in evaluation mode",
    "C16": "variance in one pass cancels",
    "C17": "buffers replaced rather than updated, or an update that breaks backward",
    "C18": "activation checkpointing updates the statistics twice",
    "C19": "evaluation on statistics that are not those of the weights",
    "C20": "the training output depends on momentum or running statistics",
    "C21": "eps or momentum dropped for the default",
    "C22": "gradients per sample wrong",
    "C23": "compiled, the layer computes something else",
    "C24": "second derivatives wrong",
    "C25": "a backward that only looks right for a degenerate cotangent",
    "C26": "a back end that computes wrong results",
    "C27": "folding into the convolution loses its bias, a sign or eps",
    "C28": "a limit on sizes",
    "C29": "padding counted in the statistics",
    "C30": "state that does not survive saving and loading",
    "C31": "evaluation without running statistics",
    "C32": "the update of the state precedes its use",
    "C33": "results that differ from run to run",
    "C34": "group, layer, instance and RMS norm with bugs of their own",
    "C35": "a substitute for batch norm that depends on the batch after all",
    "C36": "a tolerance that no bug fails",
}
