using Nines.Tables.Model.Catalogue;

namespace Nines.Tables.Protocol.Operations;

/// <summary>The member StreamSpecification of CreateTable and UpdateTable, as sent.</summary>
internal struct StreamPart
{
    private const string Invalid = "One or more parameter values were invalid: ";

    /// <summary>The names of views in the order of their numbers, from 1.</summary>
    private static readonly string[] Views = ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"];

    private bool? _enabled;
    private string? _view;

    /// <summary>The member was there.</summary>
    public bool IsSent { get; private set; }

    /// <summary>What the stream's records are to show; null: there is to be no stream.</summary>
    public readonly StreamView? View => _enabled == true ? (StreamView)(Array.IndexOf(Views, _view) + 1) : null;

    /// <summary>The name of a view.</summary>
    public static string NameOf(StreamView view) => Views[(int)view - 1];

    /// <summary>Reads the value of the current member.</summary>
    public void ReadFrom(ref JsonInput json)
    {
        if (!json.Value() || !json.IsField("StreamSpecification"))
        {
            return;
        }

        IsSent = true;
        while (json.NextMember())
        {
            if (json.Is("StreamEnabled"u8))
            {
                _enabled = json.Boolean();
            }
            else if (json.Is("StreamViewType"u8))
            {
                _view = json.String();
            }
            else
            {
                json.Skip();
            }
        }
    }

    public readonly void Constrain(ref Constraints constraints)
    {
        if (IsSent)
        {
            constraints.OneOf(_view, "streamSpecification.streamViewType", "NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES, KEYS_ONLY");
            constraints.NotNull(_enabled is not null, "streamSpecification.streamEnabled");
        }
    }

    public readonly string? CheckCreate() => (_enabled, _view) switch
    {
        (true, null) => Invalid + "Table is being created with a stream enabled, UpdateViewType is required",
        (false, not null) => Invalid + "Table is being created with a stream disabled, UpdateViewType should not be specified",
        _ => null,
    };

    public readonly string? CheckUpdate() => (_enabled, _view) switch
    {
        (true, null) => Invalid + "If stream is being enabled then UpdateViewType is required",
        (false, not null) => Invalid + "If stream is being disabled, then UpdateViewType must not be specified",
        _ => null,
    };
}
